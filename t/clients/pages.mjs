// A browser walks every page for people (pages.t): as it is, in three languages, light and dark, in the system's colours, on a
// telephone, with letters twice as large, and by the keyboard.
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { axeProblems, contrastProblems, keyboardProblems, layoutProblems, markupProblems, problemProblems, sourceProblems } from './pages-judge.mjs';
import { scenes } from './pages-scenes.mjs';
import { flows, startApps } from './pages-flows.mjs';
import { Album } from './pages-album.mjs';
import { Visitor } from './pages-visitor.mjs';
import { end, facts, is, ok } from './play.mjs';

const isOnly = process.env.PAGES ? new RegExp(process.env.PAGES) : /(?:)/;
const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', `--host-resolver-rules=MAP rp.example:443 127.0.0.1:${facts.ports.https}`]
});
const album = new Album(facts.pictures);

// ---- who is signed in

const states = new Map();

async function signedIn(user, origin) {
    const key = `${user} ${origin}`;
    if (!states.has(key)) {
        states.set(key, (async () => {
            const visitor = await Visitor.open(browser);
            await visitor.go(`${origin}/oauth/apps`);
            await visitor.signIn(user, facts.password[user]);
            const state = await visitor.context.storageState();
            await visitor.close();
            return state;
        })());
    }
    return states.get(key);
}

// A scene in this language. Where there is no JavaScript, the page is the same.
class Walk {
    constructor(language, javaScript) {
        Object.assign(this, { language, javaScript, visitors: [] });
    }

    async open({ user, origin = facts.issuer, viewport } = {}) {
        const state = user && await signedIn(user, origin);
        const visitor = await Visitor.open(browser, { language: this.language, javaScript: this.javaScript, state, viewport });
        this.visitors.push(visitor);
        return visitor;
    }

    close() {
        return Promise.all(this.visitors.map((visitor) => visitor.close()));
    }
}

// ---- what is looked at

const telephone = { width: 320, height: 640 };
const window = { width: 560, height: 800 };

// What somebody has told the browser.
async function tell(visitor, command, value) {
    const session = await visitor.context.newCDPSession(visitor.page);
    await session.send(command, value);
    await session.detach();
}

const enlarge = (visitor, factor) => tell(visitor, 'Page.setFontSizes', { fontSizes: { standard: 16 * factor, fixed: 13 * factor } });

async function judgeEnglish(name, visitor) {
    const { page } = visitor, problems = [];
    const add = async (found) => problems.push(...await found);
    await add(markupProblems(await visitor.html()));
    await add(sourceProblems(page));
    if (/wrong|empty$|too often|chosen/.test(name) && name !== 'apps empty') {
        await add(problemProblems(page));
    }
    await album.take(page, name, 'light');
    await add(axeProblems(page, 'light'));
    await add(layoutProblems(page, 'window'));
    await add(contrastProblems(page, 'light'));
    await add(keyboardProblems(page, 'light'));
    await page.emulateMedia({ colorScheme: 'dark' });
    await album.take(page, name, 'dark');
    await add(axeProblems(page, 'dark', 'color-contrast', 'link-in-text-block'));
    await add(contrastProblems(page, 'dark'));
    await add(keyboardProblems(page, 'dark', 8));
    await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
    await add(keyboardProblems(page, 'forced colours', 8));
    await add(layoutProblems(page, 'forced colours'));
    await album.take(page, name, 'forced');
    await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
    await enlarge(visitor, 2);
    await add(layoutProblems(page, '200 % in a window'));
    await page.setViewportSize(telephone);
    await add(layoutProblems(page, '200 % at 320 px'));
    await enlarge(visitor, 1);
    await add(layoutProblems(page, '320 px'));
    await album.take(page, name, 'small');
    return problems;
}

// axe itself is a script: where there are none, the page is laid out and no more.
async function judgeOther(name, visitor, language) {
    const { page } = visitor, problems = await layoutProblems(page, language);
    await album.take(page, name, language);
    await page.setViewportSize(telephone);
    problems.push(...await layoutProblems(page, `${language} at 320 px`));
    return visitor.hasJavaScript ? problems.concat(await axeProblems(page, language)) : problems;
}

async function play(name, language, javaScript) {
    const walk = new Walk(language, javaScript);
    try {
        const visitor = await scenes[name](walk);
        const { lang, dir } = await visitor.page.evaluate(() => ({ lang: document.documentElement.lang, dir: document.documentElement.dir }));
        const problems = await (language === 'en' ? judgeEnglish(name, visitor) : judgeOther(name, visitor, language));
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

// So many at a time.
async function runAll(jobs, workers) {
    await Promise.all(Array.from({ length: workers }, async () => {
        for (let job; (job = jobs.shift());) {
            await job();
        }
    }));
}

mkdirSync(facts.pictures, { recursive: true });
await startApps();
const names = Object.keys(scenes).filter((name) => isOnly.test(name));
const jobs = names.flatMap((name) => [['en', true], ['de', false], ['ar', true]].map((how) => () => play(name, ...how)));
for (const [name, flow] of Object.entries(flows).filter(([name]) => isOnly.test(name))) {
    for (const javaScript of [true, false]) {
        jobs.unshift(async () => {
            const walk = new Walk('en', javaScript);
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
