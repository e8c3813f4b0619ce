// How a person comes to see each page, and in what state: a function for each, which is given a way to open windows and leaves one
// that shows it. Forms are told by the names and values of their fields and buttons, as the server reads them.
import { facts } from './play.mjs';

const { issuer, long, pale, insecure, half, longest, request } = facts;
const apps = '/oauth/apps';

const at = (url, options) => async (walk) => (await walk.open(options)).go(url);

// The sign-in page after this was typed.
const tried = (user, password) => async (walk) => {
    const visitor = await (await walk.open()).go(issuer + request.admin);
    await visitor.page.locator('form:has(input[name=password])').evaluate((form) => { form.noValidate = true; });
    return visitor.signIn(user, password);
};

// Where a one-time password leads, after this was typed.
const chosen = (wanted) => async (walk) => {
    const visitor = await (await (await walk.open()).go(issuer + request.admin)).signIn('nora', facts.password.nora);
    if (!wanted) {
        return visitor;
    }
    await visitor.page.fill('input[name=new_password]', wanted);
    await visitor.page.locator('form:has(input[name=new_password])').evaluate((form) => { form.noValidate = true; });
    return visitor.after(visitor.page.keyboard.press('Enter'));
};

// Asked whatever somebody has allowed before.
const consent = (name, user = 'alice', origin = issuer) => at(`${origin}${request[name]}&prompt=consent`, { user, origin });

// A form whose hidden field was changed on the way.
const changed = (form, field, value) => form.locator(`input[name="${field}"]`).evaluateAll((inputs, text) => inputs.forEach((i) => { i.value = text; }), value);

// What a person does who has no other window open.
async function decide(walk, decision, before = async () => {}, name = 'admin') {
    const visitor = await consent(name, 'erna')(walk);
    await before(visitor);
    return visitor.press('decision', decision);
}

export const scenes = {
    'sign-in': at(issuer + request.admin),
    'sign-in for the user’s own page': at(issuer + apps),
    'sign-in unverified': at(issuer + request.unverified),
    'sign-in wrong': tried('alice', 'no such horse'),
    'sign-in empty': tried('', ''),
    'sign-in too often': tried('hans', 'no such horse'),
    'sign-in long': at(long + request.long),
    'sign-in pale': at(pale + apps),
    'consent': consent('admin'),
    'consent gpt': consent('gpt'),
    'consent document': consent('document'),
    'consent document, this computer': consent('local_document'),
    'consent unverified': consent('unverified'),
    'consent this computer': consent('loopback'),
    'consent telephone': consent('private'),
    'consent none chosen': async (walk) => {
        const visitor = await at(issuer + facts.optional, { user: 'alice' })(walk);
        for (const box of await visitor.page.locator('input[name=scope]').all()) {
            await box.uncheck();
        }
        return visitor.press('decision', 'allow');
    },
    'consent long': consent('long', longest, long),
    'consent long unverified': consent('long_unverified', longest, long),
    'consent pale': consent('admin', 'alice', pale),
    'apps empty': at(issuer + apps, { user: 'erna' }),
    'apps': at(issuer + apps, { user: 'frank' }),
    'apps more': at(issuer + apps, { user: 'dora' }),
    'apps long': at(long + apps, { user: longest, origin: long }),
    'password': at(`${issuer}${apps}?password=`, { user: 'frank' }),
    'password pale': at(`${pale}${apps}?password=`, { user: 'frank', origin: pale }),
    'password wrong': async (walk) => {
        const visitor = await at(`${issuer}${apps}?password=`, { user: 'frank' })(walk);
        await visitor.page.fill('input[name=password]', 'no such horse');
        await visitor.page.fill('input[name=new_password]', 'another horse battery');
        return visitor.press('action', 'password');
    },
    'choose-password': chosen(),
    'choose-password for the user’s own page': async (walk) => (await at(issuer + apps)(walk)).signIn('nora', facts.password.nora),
    'choose-password wrong': chosen('short'),
    'signed out': async (walk) => {
        const visitor = await (await walk.open()).go(issuer + apps);
        await visitor.signIn(`out-${walk.language}`, facts.password[`out-${walk.language}`]); // whose only session this is
        const own = visitor.page.locator('form:has(input[name=session])').first();
        return visitor.after(own.locator('button[value=sign_out]').click());
    },
    'cancelled': async (walk) => (await at(issuer + request.unverified)(walk)).press('cancel'),
    'already done': async (walk) => {
        const visitor = await at(`${issuer}${request.admin}&prompt=consent`, { user: 'carol' })(walk);
        await visitor.sendFirst(visitor.page.locator('form:has(button[value=allow])'), { decision: 'allow' });
        return visitor.press('decision', 'allow');
    },
    'error not connected': at(issuer + request.admin.replace(/client_id=[^&]*/, 'client_id=nobody')),
    'error old page': (walk) => decide(walk, 'allow', (visitor) => changed(visitor.page, 'mac', 'A'.repeat(43))),
    'error no cookie': (walk) => decide(walk, 'allow', (visitor) => visitor.context.clearCookies()),
    'error form': (walk) => decide(walk, 'maybe', (visitor) => visitor.page.locator('button[value=deny]').evaluate((button) => { button.value = 'maybe'; })),
    'error detour': at(issuer + request.unverified.replace(/scope=[^&]*/, 'scope=nothing')),
    'error gone': async (walk) => {
        const visitor = await at(issuer + apps, { user: 'gerda' })(walk);
        await changed(visitor.page, 'client', 'nobody');
        return visitor.press('action', 'take_away');
    },
    'error for apps': at(issuer + '/api/notes.txt'),
    'error insecure': at(insecure + apps),
    'error not set up': at(half + apps),
    // Browsers that know X-Frame-Options show nothing in a frame; others show this.
    'error not a window': async (walk) => {
        const visitor = await walk.open();
        const answer = await fetch(issuer + apps, { headers: { 'Sec-Fetch-Dest': 'iframe', 'Accept-Language': walk.language } });
        const body = await answer.text();
        await visitor.page.route(issuer + apps, (route) => route.fulfill({ status: answer.status, headers: Object.fromEntries(answer.headers), body }));
        return visitor.go(issuer + apps);
    }
};
