// What the console promises whoever sits there: all actions of a role, and no others; that nothing is done twice and no secret is seen
// twice; that an old password is asked for again, and nothing is lost meanwhile.
import { deeds } from './console-deeds.mjs';
import { audited, confirm, desktop, fill, find, follow, formOf, givePassword, linkTo, notice, open, problem, secretsShown, send, start } from './console-steps.mjs';
import { facts, is, ok, order, secret } from './play.mjs';

const { views, password } = facts;
const actions = Object.fromEntries(facts.actions.map((action) => [action.name, action]));
const isAlreadyDone = async (visitor) => /^This has been done already/.test(await notice(visitor));

async function signedIn(walk, user, query = '') {
    const visitor = await (await walk.open({ viewport: desktop })).go(start + query);
    return visitor.signIn(user, password[user]);
}

async function keepSecrets(visitor) {
    const shown = await secretsShown(visitor);
    shown.forEach((text) => secret('typed', text));
    return shown;
}

// The same request once more, as by the button of the browser that loads the page anew.
async function reload(visitor, name) {
    await visitor.page.reload();
    ok(await isAlreadyDone(visitor), `${name}: loaded again, it says that it was done`);
    is(await secretsShown(visitor), [], `${name}: … and shows no secret`);
}

async function perform(visitor, user, action) {
    const { event, done } = actions[action], name = `${user}: ${action}`;
    const before = audited(user).length;
    const about = await deeds[action](visitor, facts.who[user]);
    is(await notice(visitor) || await problem(visitor), done, `${name} is done`);
    const shown = await keepSecrets(visitor);
    is(shown.length, facts.secrets.includes(action) ? 1 : 0, `${name}: shows a secret, or has none`);
    if (shown.length) {
        await reload(visitor, name);
    }
    const lines = audited(user).slice(before), again = shown.length ? [`${event} refused GPT052`] : [];
    is(lines.map((line) => `${line.event} ${line.result} ${line.code}`), [`${event} ok GPT051`, ...again], `${name}: stands in the audit log`);
    is({ ...lines[0], ...about }, lines[0], `${name}: … with whom and what it was about`);
}

async function performAll(walk, name, user, role) {
    const visitor = await signedIn(walk, user);
    for (const { name: action } of facts.actions.filter((action) => role === 'ADMIN' || action.role === role)) {
        try {
            await perform(visitor, user, action);
        } catch (error) {
            ok(false, `${user}: ${action}: ${error.stack}`);
        }
    }
    is(visitor.sourceProblems(), [], `${name}: the browser has nothing against any of it`);
}

const isOfConsole = (url) => /user=(root|desk)$/.test(url);
const viewOf = (url) => /\?(\w+)=/.exec(url)?.[1];

// The pages of the console that links lead to from the first: of each view some, and always those of who may use the console.
async function crawl(visitor, look) {
    const seen = new Set([start]);
    const isEnough = (url) => [...seen].filter((other) => viewOf(other) === viewOf(url)).length > 3 && !isOfConsole(url);
    for (const url of seen) {
        await visitor.go(url);
        const links = await visitor.page.locator('a[href*="/oauth/console"]').evaluateAll((all) => all.map((a) => a.href));
        links.forEach((link) => isEnough(link) || seen.add(link));
        await look(url);
    }
}

export const flows = {
    'flow: the administrator': (walk, name) => performAll(walk, name, 'root', 'ADMIN'),
    'flow: the help desk': (walk, name) => performAll(walk, name, 'desk', 'HELP_DESK'),
    'flow: strangers': async (walk, name) => {
        const visitor = await (await walk.open({ viewport: desktop })).go(`${start}?keys=`);
        is(await visitor.has('input[name=password]'), 1, `${name}: the sign-in page`);
        is(await visitor.has('.console'), 0, `${name}: … and no page of the console`);
        await visitor.signIn('otto', password.otto);
        is(viewOf(visitor.page.url()), 'keys', `${name}: an administrator goes on to what he asked for`);
        const stranger = await signedIn(walk, 'alice');
        for (const query of ['', ...Object.keys(views).map((view) => `?${view}=x`)]) {
            await stranger.go(start + query);
            is(`${stranger.answer.status()} ${await stranger.has('.console')}`, '404 0', `${name}: without a role there is nothing at ${query}`);
        }
    },
    'flow: the help desk is no administrator': async (walk, name) => {
        const visitor = await signedIn(walk, 'frida');
        const wrong = [], seen = new Set();
        await crawl(visitor, async (url) => {
            const view = viewOf(url) ?? 'users';
            seen.add(view);
            wrong.push(...views[view] === 'HELP_DESK' && visitor.answer.status() === 200 ? [] : [url]);
            const buttons = await visitor.page.locator('input[name=action]').evaluateAll((inputs) => inputs.map((input) => input.value));
            wrong.push(...buttons.filter((action) => actions[action].role !== 'HELP_DESK').map((action) => `${action} at ${url}`));
            wrong.push(...isOfConsole(url) && buttons.length ? [`a button at ${url}`] : []);
        });
        is(wrong, [], `${name}: nothing leads to more`);
        is([...seen].sort(), Object.keys(views).filter((view) => views[view] === 'HELP_DESK').sort(), `${name}: and all that is there is found`);
        for (const view of Object.keys(views).filter((view) => views[view] === 'ADMIN')) {
            await visitor.go(`${start}?${view}=${facts.clients.pinned}`);
            is(`${visitor.answer.status()} ${await visitor.has('.console')}`, '404 0', `${name}: there is nothing at ${view}`);
        }
        is(visitor.sourceProblems(), [], `${name}: the browser has nothing against any page`);
    },
    'flow: once': async (walk, name) => {
        const visitor = await signedIn(walk, 'otto');
        const made = () => audited('otto').filter((line) => line.event === 'client secret' && line.result === 'ok').length;
        await find(visitor, 'clients', 'Once', `client=${facts.clients.once}`);
        const first = await (await visitor.sendFirst(formOf(visitor, 'client_secret'))).text();
        secret('typed', /shown only once.*?<code>(?:<bdi>)?([^<]+)/s.exec(first)[1]);
        await send(visitor, 'client_secret');
        ok(await isAlreadyDone(visitor), `${name}: a second press says that it was done`);
        is(await secretsShown(visitor), [], `${name}: … and shows no secret`);
        await visitor.page.goBack();
        await send(visitor, 'client_secret');
        is((await keepSecrets(visitor)).length, 1, `${name}: another form makes another`);
        await visitor.page.goBack();
        is(await secretsShown(visitor), [], `${name}: Back shows none`);
        // A browser asks before it sends a form again; what it shows meanwhile is its own.
        await visitor.after(visitor.page.goForward().catch(() => {}));
        is(await secretsShown(visitor), [], `${name}: and Forward neither`);
        is(made(), 2, `${name}: so many as were wanted`);
    },
    'flow: an old password': async (walk, name) => {
        const visitor = await signedIn(walk, 'karl');
        await open(visitor, 'clients');
        await follow(visitor, 'new_client=');
        const form = formOf(visitor, 'client_add'), typed = { name: 'After the question', kind: 'public', redirect: 'https://app.example.com/kept', scope: 'read', website: 'https://app.example.com/' };
        await fill(form, typed);
        await order('karl grows old');
        await visitor.after(form.locator('button[type=submit]').click());
        is(await visitor.page.evaluate(() => document.activeElement.name), 'present_password', `${name} is asked for`);
        await givePassword(visitor, 'no such horse');
        is(await problem(visitor), 'The password is wrong.', `${name}: a wrong one does nothing`);
        await givePassword(visitor, password.karl);
        is(await notice(visitor) || await visitor.page.textContent('main'), actions.client_add.done, `${name}: the right one does what was asked for`);
        const id = await visitor.page.locator('.secret code').first().textContent();
        await reload(visitor, name);
        await find(visitor, 'clients', typed.name, `client=${id}`);
        const text = await visitor.page.textContent('main');
        is([typed.redirect, typed.scope, 'public'].filter((word) => !text.includes(word)), [], `${name}: with all that was typed`);
        is(await formOf(visitor, 'client_links').locator('input[name=website]').inputValue(), typed.website, `${name}: to the last field`);
        await order('karl grows old');
        await send(visitor, 'client_remove');
        await givePassword(visitor, password.karl);
        await confirm(visitor, 'After');
        is(await problem(visitor), 'That is another name.', `${name}: what is removed is typed, all of it`);
        await confirm(visitor);
        is(await notice(visitor), actions.client_remove.done, `${name}: and is removed then`);
        is(await linkTo(visitor, `client=${id}`).count(), 0, `${name}: from the list, too`);
        is(visitor.sourceProblems(), [], `${name}: the browser has nothing against any of it`);
    }
};
