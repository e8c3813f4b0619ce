// Each action of the console (mod_gpt_oauth/web/console/actions.c) as a person does it, beginning at any page; answers what the audit
// log has to say of whom or what it was about. who: whom and what this visitor does it to (console.t).
import { facts, order } from './play.mjs';
import { confirm, find, follow, formOf, open, send } from './console-steps.mjs';

const client = (visitor, id, name) => find(visitor, 'clients', name, `client=${id}`);
const user = (visitor, name) => find(visitor, 'users', name, `user=${name}`);

// At the page of the client that was made.
async function toMade(visitor, who, action, fields) {
    await client(visitor, who.made, 'Walked');
    await send(visitor, action, { client: who.made }, fields);
    return { client: who.made };
}

async function toUser(visitor, name, action, more = {}) {
    await user(visitor, name);
    await send(visitor, action, { user: name, ...more });
    return { user: name };
}

// To the first of several things of a user, which the hidden field names.
async function toEntry(visitor, name, action, field) {
    const value = await formOf(visitor, action).locator(`input[name="${field}"]`).inputValue();
    await send(visitor, action, { [field]: value });
    return field === 'grant' ? { user: name, grant: value } : { user: name };
}

export const deeds = {
    client_add: async (visitor, who) => {
        await open(visitor, 'clients');
        await follow(visitor, 'new_client=');
        await send(visitor, 'client_add', {}, { name: 'Walked', kind: 'confidential', redirect: 'https://app.example.com/callback', scope: 'read' });
        who.made = await visitor.page.locator('.secret:has-text("Client ID") code').textContent();
        return { client: who.made, scope: 'read' };
    },
    client_secret: (visitor, who) => toMade(visitor, who, 'client_secret'),
    client_redirects: (visitor, who) => toMade(visitor, who, 'client_redirects', { redirect: 'https://app.example.com/other' }),
    client_links: (visitor, who) => toMade(visitor, who, 'client_links', { website: 'https://app.example.com/', privacy: 'https://app.example.com/privacy' }),
    client_repin: async (visitor) => {
        await client(visitor, facts.clients.pinned, 'Pinned');
        await send(visitor, 'client_repin', { client: facts.clients.pinned });
        return { client: facts.clients.pinned };
    },
    client_disable: (visitor, who) => toMade(visitor, who, 'client_disable'),
    client_enable: (visitor, who) => toMade(visitor, who, 'client_enable'),
    client_remove: async (visitor, who) => {
        const about = await toMade(visitor, who, 'client_remove');
        await confirm(visitor);
        return about;
    },
    apps_clean_up: async (visitor) => {
        await order('a stray app grows old');
        await open(visitor, 'apps');
        await send(visitor, 'apps_clean_up', {}, { days: '1' });
        await confirm(visitor);
        return { count: 1 };
    },
    user_add: async (visitor, who) => {
        await open(visitor, 'users');
        await follow(visitor, 'new_user=');
        await send(visitor, 'user_add', {}, { user: who.newcomer });
        return { user: who.newcomer };
    },
    user_disable: (visitor, who) => toUser(visitor, who.newcomer, 'user_disable'),
    user_enable: (visitor, who) => toUser(visitor, who.newcomer, 'user_enable'),
    user_remove: async (visitor, who) => {
        const about = await toUser(visitor, who.newcomer, 'user_remove');
        await confirm(visitor);
        return about;
    },
    user_one_time: (visitor, who) => toUser(visitor, who.forgetful, 'user_one_time'),
    session_end: async (visitor, who) => {
        await user(visitor, who.user);
        await follow(visitor, `sessions=${who.user}`);
        return toEntry(visitor, who.user, 'session_end', 'session');
    },
    sessions_end: async (visitor, who) => ({ ...await toUser(visitor, who.user, 'sessions_end'), count: 1 }),
    grant_revoke: async (visitor, who) => {
        await user(visitor, who.user);
        await follow(visitor, `grants=${who.user}`);
        return toEntry(visitor, who.user, 'grant_revoke', 'grant');
    },
    grants_revoke: async (visitor, who) => ({ ...await toUser(visitor, who.user, 'grants_revoke'), count: 1 }),
    throttle_lift: async (visitor, who) => {
        await open(visitor, 'throttles');
        await send(visitor, 'throttle_lift', { user: who.user });
        return { user: who.user, count: 1 };
    },
    key_add: async (visitor) => {
        await open(visitor, 'keys');
        await follow(visitor, 'new_key=');
        await send(visitor, 'key_add', {}, { name: 'walked', scope: 'read', expires: '90d', introspect: 'yes' });
        return { user: 'walked', scope: 'read' };
    },
    key_revoke: async (visitor) => {
        await open(visitor, 'keys');
        await send(visitor, 'key_revoke', { key: 'walked' });
        return { user: 'walked' };
    }
};
