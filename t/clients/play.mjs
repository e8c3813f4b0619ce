// What the scripts here have to say to the test that runs them (Test::GptOauth::Clients): a line each, answered where it asks.
import { createInterface } from 'node:readline';
import { isDeepStrictEqual, inspect } from 'node:util';

export const facts = JSON.parse(process.argv[2]);

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

function say(word, text) {
    console.log(`${word} ${String(text).replace(/\s+/g, ' ')}`);
}

async function ask(word, text) {
    say(word, text);
    return (await lines.next()).value;
}

export function ok(condition, name) {
    say(condition ? 'ok' : 'not ok', name);
}

export function is(got, wanted, name) {
    const same = isDeepStrictEqual(got, wanted);
    ok(same, same ? name : `${name}: ${inspect(got)}, not ${inspect(wanted)}`);
}

// Expects a promise to fail, and answers its error.
export async function refused(promise, name) {
    try {
        const value = await promise;
        ok(false, `${name}: ${inspect(value)}`);
        return {};
    } catch (error) {
        ok(true, name);
        return error;
    }
}

// A person opens the URL, signs in and allows: where the browser is then sent.
export async function visit(url) {
    return new URL(await ask('visit', url));
}

// What the test was told to do under this name.
export function order(name) {
    return ask('do', name);
}

// Must not turn up in a log or in the database.
export function secret(kind, value) {
    say('secret', `${kind} ${value}`);
}

export function secrets(answer) {
    for (const kind of ['access_token', 'refresh_token', 'client_secret']) {
        if (answer[kind]) {
            secret(kind, answer[kind]);
        }
    }
    return answer;
}

export function end() {
    console.log('end');
    process.exit(0);
}
