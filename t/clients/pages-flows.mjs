// What people do from the first page to the last one: each step by what a browser offers, in part by the keyboard alone.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { facts, is, ok } from './play.mjs';

const { issuer, password, ports, request } = facts;
const apps = `${issuer}/oauth/apps`;

// ---- where apps are told the answer

function arrive(incoming, answer) {
    answer.setHeader('Content-Type', 'text/html');
    answer.end('<!DOCTYPE html><title>The app</title><p>Back at the app.');
}

export function startApps() {
    const key = readFileSync(facts.key), cert = readFileSync(facts.certificate);
    const servers = [createSecureServer({ key, cert }, arrive).listen(ports.https, '127.0.0.1'), createServer(arrive).listen(ports.http, '127.0.0.1')];
    return Promise.all(servers.map((server) => new Promise((resolve) => { server.on('listening', resolve); })));
}

const withScope = (name, scope, more = '') => issuer + request[name].replace(/scope=[^&]*/, `scope=${scope}`) + more;

// How the browser stands: sign-in, consent, the page of apps, or where it was sent.
async function state(visitor) {
    const url = visitor.page.url();
    if (!url.startsWith(issuer)) {
        const { origin, pathname, searchParams } = new URL(url);
        return `${origin}${pathname} ${searchParams.get('error') ?? (searchParams.has('code') ? 'code' : 'nothing')}`;
    }
    return await visitor.has('input[name=new_password]') ? 'password' : await visitor.has('input[name=password]') ? 'sign-in'
        : await visitor.has('button[value=allow]') ? 'consent' : await visitor.has('button[value=sign_out_all]') ? 'apps' : 'page';
}

// The element that has the focus, as tagname[name=value].
const focused = (visitor) => visitor.page.evaluate(() => {
    const { tagName, name, value, type } = document.activeElement;
    return `${tagName.toLowerCase()} ${name ?? ''}${type === 'password' || type === 'text' ? '' : `=${value}`}`;
});

async function tabTo(visitor, wanted) {
    for (let i = 0; i < 30 && await focused(visitor) !== wanted; i++) {
        await visitor.page.keyboard.press('Tab');
    }
    return focused(visitor);
}

const tabAndPress = async (visitor, wanted, key) => {
    is(await tabTo(visitor, wanted), wanted, `Tab reaches ${wanted}`);
    return visitor.after(visitor.page.keyboard.press(key));
};

async function signedIn(walk, user, url = apps) {
    const visitor = await (await walk.open()).go(url);
    return visitor.signIn(user, password[user]);
}

export const flows = {
    'flow: an app of the administrator': async (walk, name) => {
        const visitor = await (await walk.open()).go(withScope('admin', 'read%20tags%20write', '&prompt=consent'));
        is(await focused(visitor), 'input username', `${name}: the name comes first`);
        await visitor.page.keyboard.type('alice');
        await visitor.page.keyboard.press('Tab');
        is(await focused(visitor), 'input password', `${name}: then the password`);
        await visitor.page.keyboard.type(password.alice);
        await visitor.after(visitor.page.keyboard.press('Enter'));
        is(await state(visitor), 'consent', `${name}: Enter signs in`);
        is(await tabTo(visitor, 'input scope=tags'), 'input scope=tags', `${name}: Tab reaches a box`);
        await visitor.page.keyboard.press('Space');
        is(await visitor.page.locator('input[value=tags]').isChecked(), false, `${name}: Space takes out its tick`);
        await tabAndPress(visitor, 'button decision=allow', 'Enter');
        is(await state(visitor), 'https://rp.example/cb code', `${name}: Allow leads to the app, by https`);
        is(visitor.complaints, [], `${name}: and the browser has nothing against it`);
    },
    'flow: an app on this computer': async (walk, name) => {
        const visitor = await (await walk.open()).go(withScope('loopback', 'tags%20write'));
        await visitor.signIn('alice', password.alice);
        const app = `http://127.0.0.1:${ports.http}/callback`;
        await visitor.page.locator('input[name=scope]').first().focus();
        await visitor.after(visitor.page.keyboard.press('Enter'));
        is(await state(visitor), `${app} access_denied`, `${name}: Enter denies what nobody has looked at`);
        await visitor.go(withScope('loopback', 'tags%20write'));
        await visitor.press('decision', 'allow');
        is(await state(visitor), `${app} code`, `${name}: Allow leads to a loopback address`);
        is(visitor.complaints, [], `${name}: and the browser has nothing against it`);
    },
    // No browser without that app can go there; this one is told to.
    'flow: an app with an address of its own kind': async (walk, name) => {
        const visitor = await signedIn(walk, 'alice', issuer + request.private);
        const session = await visitor.context.newCDPSession(visitor.page), sent = [];
        await session.send('Network.enable');
        session.on('Network.requestWillBeSent', (event) => sent.push(event.request.url));
        session.on('Network.responseReceivedExtraInfo', (event) => sent.push(event.headers.Location ?? event.headers.location ?? ''));
        await visitor.page.locator('button[value=allow]').click();
        const isThere = (url) => /^com\.example\.app:\/callback\?.*code=/.test(url);
        for (let i = 0; i < 100 && !sent.some(isThere); i++) {
            await visitor.page.waitForTimeout(50);
        }
        ok(sent.some(isThere), `${name}: the browser is sent there: ${sent.map((url) => url.slice(0, 24))}`);
        is(visitor.complaints.filter((text) => /Content Security Policy|form-action/.test(text)), [], `${name}: and no policy forbids it`);
    },
    'flow: prompt=login': async (walk, name) => {
        const visitor = await signedIn(walk, 'alice');
        await visitor.go(withScope('admin', 'read', '&prompt=login'));
        is(await state(visitor), 'sign-in', `${name}: asks who is signed in`);
        is(await visitor.page.inputValue('input[name=username]'), 'alice', `${name}: by name`);
        is(await focused(visitor), 'input password', `${name}: for the password`);
        await visitor.signIn('alice', password.alice);
        ok(/^(consent|https:\/\/rp\.example\/cb code)$/.test(await state(visitor)), `${name}: once`);
    },
    'flow: another account': async (walk, name) => {
        const visitor = await signedIn(walk, 'alice', withScope('unverified', 'read'));
        await visitor.press('decision', 'switch');
        is(await state(visitor), 'sign-in', `${name}: somebody else signs in`);
        is(await visitor.page.inputValue('input[name=username]'), '', `${name}: whose name is not known`);
        await visitor.signIn('bob', password.bob);
        is(await state(visitor), 'consent', `${name}: to the same request`);
        ok((await visitor.page.textContent('main')).includes('bob'), `${name}: as whom, the page says`);
        await visitor.press('decision', 'deny');
        is(await state(visitor), 'https://rp.example/registered access_denied', `${name}: Deny leads to the app, too`);
    },
    'flow: signing out': async (walk, name) => {
        const user = walk.javaScript ? 'karl' : 'lena';
        const [visitor, other] = [await signedIn(walk, user), await signedIn(walk, user)];
        await visitor.press('action', 'sign_out_others');
        is(await state(visitor), 'apps', `${name}: elsewhere, which this browser is not`);
        await other.go(apps);
        is(await state(other), 'sign-in', `${name}: but the other one is`);
        await visitor.press('action', 'sign_out_all');
        is(await state(visitor), 'page', `${name}: everywhere`);
        await visitor.go(apps);
        is(await state(visitor), 'sign-in', `${name}: this one, too`);
        await visitor.signIn(user, password[user]);
        const own = visitor.page.locator('form:has(input[name=session]) button[value=sign_out]');
        await visitor.after(own.first().click());
        is(await state(visitor), 'page', `${name}: in this browser alone`);
    },
    'flow: an app loses its access': async (walk, name) => {
        const user = walk.javaScript ? 'gerda' : 'carol';
        const visitor = await signedIn(walk, user, withScope('admin', 'read', '&prompt=consent'));
        await visitor.press('decision', 'allow');
        await visitor.go(apps);
        const entry = visitor.page.locator(`form:has(input[name=client][value="${facts.admin}"]) button[value=take_away]`);
        const before = await entry.count();
        ok(before > 0, `${name}: which it has`);
        await visitor.after(entry.first().click());
        is(await state(visitor), 'apps', `${name}: on the same page`);
        is(await entry.count(), 0, `${name}: and is gone from there`);
    },
    'flow: another password': async (walk, name) => {
        const user = walk.javaScript ? 'ida' : 'jan', next = `another battery of ${user}`;
        const visitor = await signedIn(walk, user);
        await visitor.after(visitor.page.locator('a[href*="password="]').first().click());
        is(await state(visitor), 'password', `${name}: a page for it`);
        await visitor.page.fill('input[name=password]', password[user]);
        await visitor.page.fill('input[name=new_password]', next);
        await visitor.after(visitor.page.keyboard.press('Enter'));
        is(await state(visitor), 'page', `${name}: Enter changes it`);
        await visitor.context.clearCookies();
        await visitor.go(apps);
        await visitor.signIn(user, password[user]);
        is(await state(visitor), 'sign-in', `${name}: the old one is no good`);
        await visitor.signIn(user, next);
        is(await state(visitor), 'apps', `${name}: the new one is`);
    }
};
