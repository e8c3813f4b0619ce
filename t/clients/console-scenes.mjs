// How an administrator comes to see each page of the console, in each of its states: a function for each, which is given a way to
// open windows and leaves one that shows it.
import { confirm, desktop, formOf, givePassword, send, start } from './console-steps.mjs';
import { facts, order, secret } from './play.mjs';

const { clients, longest } = facts;

const at = (query, user = 'erna') => async (walk) => (await walk.open({ user, viewport: desktop })).go(`${start}?${query}`);

// The page after this form was sent.
const sent = (query, action, fields = {}, user = 'erna') => async (walk) => {
    const visitor = await at(query, user)(walk);
    await send(visitor, action, {}, fields);
    const shown = await visitor.page.locator('.secret code').allTextContents();
    shown.slice(-1).forEach((text) => secret('typed', text));
    return visitor;
};

// Where the password was typed long ago.
const asked = (query, action, answer) => async (walk) => {
    const visitor = await at(query, 'gerda')(walk);
    await order('gerda grows old');
    await send(visitor, action);
    return answer === undefined ? visitor : givePassword(visitor, answer);
};

export const scenes = {
    'console clients': at('clients='),
    'console clients none': at('clients=&prefix=zzz'),
    'console clients long': at('clients=&prefix=WWW', longest),
    'console client': at(`client=${clients.confidential}`),
    'console client gpt': at(`client=${clients.gpt}`),
    'console client disabled': at(`client=${clients.disabled}`),
    'console client long': at(`client=${clients.long}`, longest),
    'console new client wrong': sent('new_client=', 'client_add', { name: longest, kind: 'public', redirect: 'http://evil.example.com/' }),
    'console apps': at('apps='),
    'console users': at('users='),
    'console user': at('user=frank'),
    'console user long': at(`user=${facts.long_user}`, longest),
    'console sessions': at('sessions=frank'),
    'console grants': at('grants=frank'),
    'console grants long': at(`grants=${facts.long_user}`, longest),
    'console user one-time': at('user=nora'),
    'console user elsewhere': at('user=nobody@EXAMPLE.COM'),
    'console user for the help desk': at('user=frank', 'hans'),
    'console new user wrong': sent('new_user=', 'user_add', { user: 'frank' }),
    'console keys': at('keys='),
    'console new key wrong': sent('new_key=', 'key_add', { name: 'no name', expires: 'soon' }),
    'console throttles': at('throttles='),
    'console question password wrong': asked(`client=${clients.gpt}`, 'client_disable', 'no such horse'),
    'console question name wrong': async (walk) => confirm(await sent(`client=${clients.long}`, 'client_remove')(walk), 'something'),
    'console secret client': sent(`client=${clients.confidential}`, 'client_secret'),
    'console secret key': sent('new_key=', 'key_add', { name: 'k'.repeat(64), expires: '1y' }),
    'console done': sent(`client=${clients.public}`, 'client_links', { website: 'https://app.example.com/' }),
    'console done already': async (walk) => {
        const visitor = await at(`client=${clients.public}`)(walk);
        await visitor.sendFirst(formOf(visitor, 'client_links'));
        return send(visitor, 'client_links');
    },
    'console nothing there': at('client=nobody'),
    'status': async (walk) => (await walk.open({ user: 'erna', viewport: desktop })).go(`${facts.issuer}/oauth/status`)
};
