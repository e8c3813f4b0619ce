// A walk through pages: its windows, and who is signed in there, which is done once for each user.
import { facts } from './play.mjs';
import { Visitor } from './pages-visitor.mjs';

const states = new Map();

async function signedIn(browser, user, origin) {
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
export class Walk {
    constructor(browser, language = 'en', javaScript = true) {
        Object.assign(this, { browser, language, javaScript, visitors: [] });
    }

    async open({ user, origin = facts.issuer, viewport } = {}) {
        const state = user && await signedIn(this.browser, user, origin);
        const visitor = await Visitor.open(this.browser, { language: this.language, javaScript: this.javaScript, state, viewport });
        this.visitors.push(visitor);
        return visitor;
    }

    close() {
        return Promise.all(this.visitors.map((visitor) => visitor.close()));
    }
}

// So many at a time.
export async function runAll(jobs, workers) {
    await Promise.all(Array.from({ length: workers }, async () => {
        for (let job; (job = jobs.shift());) {
            await job();
        }
    }));
}
