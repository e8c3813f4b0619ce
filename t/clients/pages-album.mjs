// Pictures of all pages, pasted on sheets: for each way of seeing them one of each kind of page.
import { writeFileSync } from 'node:fs';

export class Album {
    // wanted: the sheets; all, if none are named. Where nobody looks at them (GPTOAUTH_PICTURES=no), none is taken.
    constructor(folder, wanted) {
        Object.assign(this, { folder, wanted, sheets: new Map() });
    }

    async take(page, name, sheet) {
        if (process.env.GPTOAUTH_PICTURES === 'no' || (this.wanted && !this.wanted.includes(sheet))) {
            return;
        }
        const key = `${sheet}-${/^(?:sign-in|consent|error|console)/.exec(name)?.[0] ?? 'own'}`;
        const { width, height } = await page.evaluate(() => ({ width: innerWidth, height: Math.min(document.documentElement.scrollHeight, 1400) }));
        const picture = await page.screenshot({ fullPage: true, clip: { x: 0, y: 0, width, height }, type: 'jpeg', quality: 85 });
        this.sheets.set(key, [...this.sheets.get(key) ?? [], { name, picture, width: width > 700 ? 780 : 380 }]);
    }

    async paste(browser) {
        for (const [sheet, pictures] of this.sheets) {
            pictures.sort((a, b) => a.name.localeCompare(b.name));
            const figures = pictures.map(({ name, picture, width }) =>
                `<figure style="width:${width}px"><img src="data:image/jpeg;base64,${picture.toString('base64')}"><figcaption>${name}</figcaption></figure>`);
            const context = await browser.newContext({ viewport: { width: 2000, height: 1000 } });
            const page = await context.newPage();
            await page.setContent(`<style>body{display:flex;flex-wrap:wrap;gap:16px;align-items:start;font:16px sans-serif;background:#999}
                figure{margin:0;background:#fff}img{width:100%;max-height:900px;object-fit:cover;object-position:top;display:block}figcaption{padding:4px}</style>${figures.join('')}`);
            writeFileSync(`${this.folder}/${sheet}.png`, await page.screenshot({ fullPage: true }));
            await context.close();
        }
    }
}
