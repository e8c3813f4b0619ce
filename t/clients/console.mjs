// A browser walks the administrators' console (console.t): each action as a person does it, and each page as it looks.
import { mkdirSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { flows } from './console-flows.mjs';
import { scenes } from './console-scenes.mjs';
import { Album } from './pages-album.mjs';
import { judgeEnglish } from './pages-looks.mjs';
import { Walk, runAll } from './pages-walk.mjs';
import { end, facts, is, ok } from './play.mjs';

const isOnly = process.env.PAGES ? new RegExp(process.env.PAGES) : /(?:)/;
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox', '--disable-gpu'] });
const album = new Album(facts.pictures, ['light', 'dark', 'small']);

// Where it fails, the others go on.
async function play(name, deed) {
    const walk = new Walk(browser);
    try {
        await deed(walk);
    } catch (error) {
        ok(false, `${name}: ${error.stack}`);
    }
    await walk.close();
}

async function judge(walk, name) {
    const visitor = await scenes[name](walk);
    const problems = await judgeEnglish(name, visitor, album, { isRefused: name.endsWith('wrong'), tabs: 20, ringTabs: 3 });
    is([...problems, ...visitor.sourceProblems()], [], name);
}

mkdirSync(facts.pictures, { recursive: true });
const chosen = (all) => Object.keys(all).filter((name) => isOnly.test(name));
await runAll([
    ...chosen(flows).map((name) => () => play(name, (walk) => flows[name](walk, name))),
    ...chosen(scenes).map((name) => () => play(name, (walk) => judge(walk, name)))
], 2);
await album.paste(browser);
await browser.close();
end();
