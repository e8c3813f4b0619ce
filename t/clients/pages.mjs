// A browser walks every page for people (pages.t): as it is, in three languages, light and dark, in the system's colours, on a
// telephone, with letters twice as large, and by the keyboard.
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { judgeEnglish, judgeOther } from './pages-looks.mjs';
import { scenes } from './pages-scenes.mjs';
import { flows, startApps } from './pages-flows.mjs';
import { Album } from './pages-album.mjs';
import { Walk, runAll } from './pages-walk.mjs';
import { end, facts, is, ok } from './play.mjs';

const isOnly = process.env.PAGES ? new RegExp(process.env.PAGES) : /(?:)/;
const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=MAP rp.example:443 127.0.0.1:${facts.ports.https}`]
});
const album = new Album(facts.pictures);

const isRefused = (name) => /wrong|empty$|too often|chosen/.test(name) && name !== 'apps empty';

async function play(name, language, javaScript) {
    const walk = new Walk(browser, language, javaScript);
    try {
        const visitor = await scenes[name](walk);
        const { lang, dir } = await visitor.page.evaluate(() => ({ lang: document.documentElement.lang, dir: document.documentElement.dir }));
        const problems = await (language === 'en' ? judgeEnglish(name, visitor, album, { isRefused: isRefused(name) }) : judgeOther(name, visitor, album, language));
        if (`${lang} ${dir}` !== `${language} ${language === 'ar' ? 'rtl' : 'ltr'}`) {
            problems.push(`the page is in ${lang}, ${dir}`);
        }
        problems.push(...visitor.sourceProblems());
        is(problems, [], `${name}, ${language}${javaScript ? '' : ', without JavaScript'}`);
    } catch (error) {
        ok(false, `${name}, ${language}: ${error.stack}`);
    }
    await walk.close();
}

mkdirSync(facts.pictures, { recursive: true });
await startApps();
const names = Object.keys(scenes).filter((name) => isOnly.test(name));
const jobs = names.flatMap((name) => [['en', true], ['de', false], ['ar', true]].map((how) => () => play(name, ...how)));
for (const [name, flow] of Object.entries(flows).filter(([name]) => isOnly.test(name))) {
    for (const javaScript of [true, false]) {
        jobs.unshift(async () => {
            const walk = new Walk(browser, 'en', javaScript);
            try {
                await flow(walk, `${name}${javaScript ? '' : ', without JavaScript'}`);
            } catch (error) {
                ok(false, `${name}: ${error.stack}`);
            }
            await walk.close();
        });
    }
}
await runAll(jobs, 2);
await album.paste(browser);
await browser.close();
end();
