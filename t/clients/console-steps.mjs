// What a person does at the console: goes there by its navigation, finds something by its name, fills in a form and sends it. Forms
// and links are told by the names that the server reads.
import { readFileSync } from 'node:fs';
import { facts } from './play.mjs';

export const start = `${facts.issuer}/oauth/console`;
export const desktop = { width: 1280, height: 800 };

// The form of this action, of several that with these hidden fields.
export function formOf(visitor, action, hidden = {}) {
    const has = Object.entries({ action, ...hidden }).map(([name, value]) => `:has(input[name="${name}"][value="${value}"])`);
    return visitor.page.locator(`form${has.join('')}`).first();
}

export const linkTo = (visitor, query, within = '') => visitor.page.locator(`${within} a[href$="/oauth/console?${query}"]`).first();

export const follow = (visitor, query, within) => visitor.after(linkTo(visitor, query, within).click());

// From any page of the console.
export const open = (visitor, view) => follow(visitor, `${view}=`, 'nav');

// In a list, by the beginning of the name.
export async function find(visitor, view, name, query) {
    await open(visitor, view);
    await visitor.page.fill('input[name=prefix]', name);
    await visitor.after(visitor.page.keyboard.press('Enter'));
    return follow(visitor, query, 'table');
}

export async function fill(form, fields) {
    for (const [name, value] of Object.entries(fields)) {
        const choice = form.locator(`input[name="${name}"][value="${value}"]:is([type=radio],[type=checkbox])`);
        await (await choice.count() ? choice.check() : form.locator(`input[name="${name}"]`).first().fill(value));
    }
}

export async function send(visitor, action, hidden = {}, fields = {}) {
    const form = formOf(visitor, action, hidden);
    await fill(form, fields);
    return visitor.after(form.locator('button[type=submit]').click());
}

// To the question of what is to end, the answer that it asks for.
export async function confirm(visitor, answer) {
    const name = await visitor.page.locator('form:has(input[name=typed_name]) strong').first().textContent();
    await visitor.page.fill('input[name=typed_name]', answer ?? name);
    return visitor.after(visitor.page.keyboard.press('Enter'));
}

export async function givePassword(visitor, password) {
    await visitor.page.fill('input[name=present_password]', password);
    return visitor.after(visitor.page.keyboard.press('Enter'));
}

const texts = (visitor, selector) => visitor.page.locator(selector).allTextContents();

export const notice = async (visitor) => (await texts(visitor, '[role=status]')).join();
export const problem = async (visitor) => (await texts(visitor, '[role=alert]')).join();

// What the page shows only once; the id that a secret comes with is none.
export const secretsShown = (visitor) => texts(visitor, '.secret:not(:has-text("Client ID")) code');

// Who did what, by the audit log.
export const audited = (by) => readFileSync(facts.audit, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line)).filter((line) => line.by === by);
