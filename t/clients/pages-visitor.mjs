// A person's browser: one window that keeps what was loaded into it and what the browser complained of.
import { strict as assert } from 'node:assert';

const pathOf = (url) => new URL(url).pathname;

export class Visitor {
    // options: javaScript, language, state (cookies of somebody who is signed in)
    static async open(browser, { javaScript = true, language = 'en', state, viewport } = {}) {
        const context = await browser.newContext({
            javaScriptEnabled: javaScript, locale: language, storageState: state, ignoreHTTPSErrors: true,
            viewport: viewport ?? { width: 560, height: 800 }
        });
        const visitor = new Visitor();
        Object.assign(visitor, { context, hasJavaScript: javaScript, complaints: [], loaded: [], page: await context.newPage() });
        visitor.page.setDefaultTimeout(60000);
        visitor.page.on('pageerror', (error) => visitor.complaints.push(String(error)));
        visitor.page.on('console', (message) => visitor.hear(message));
        visitor.page.on('request', (request) => request.isNavigationRequest() || visitor.loaded.push(request.url()));
        visitor.page.on('response', (response) => {
            if (response.request().isNavigationRequest() && response.status() !== 303) {
                visitor.answer = response;
            }
        });
        return visitor;
    }

    // A page that says no has a status that says so too.
    hear(message) {
        const isStatus = /^Failed to load resource: the server responded with a status of [45]/.test(message.text());
        if (['error', 'warning'].includes(message.type()) && !isStatus) {
            this.complaints.push(message.text());
        }
    }

    async go(url) {
        await this.page.goto(url);
        return this;
    }

    // The HTML of the page as the server sent it.
    html() {
        return this.answer.text();
    }

    has(selector) {
        return this.page.locator(selector).count();
    }

    // Presses a button by its name and value.
    async press(name, value, within = '') {
        return this.after(this.page.locator(`${within} button[name="${name}"]${value ? `[value="${value}"]` : ''}`).first().click());
    }

    // The form, sent by the first of two clicks, whose answer nobody sees: it is here.
    async sendFirst(form, more = {}) {
        const target = await form.getAttribute('action');
        const fields = Object.fromEntries(await form.locator('input').evaluateAll((inputs) => inputs.map((i) => [i.name, i.value])));
        const sent = { form: { ...fields, ...more }, headers: { 'Sec-Fetch-Site': 'same-origin' }, maxRedirects: 0 };
        return this.context.request.post(new URL(target, this.page.url()).href, sent);
    }

    async signIn(user, password) {
        assert(await this.has('input[name=password]'), `no sign-in page: ${this.page.url()}`);
        // A busy server asks to come back in a few seconds.
        for (let tries = 0; tries === 0 || (this.answer.status() === 503 && tries < 10); tries++) {
            await this.page.fill('input[name=username]', user);
            await this.page.fill('input[name=password]', password);
            await this.after(this.page.keyboard.press('Enter'));
        }
        return this;
    }

    // What was just done opens another page.
    async after(deed) {
        await Promise.all([this.page.waitForEvent('load'), deed]);
        return this;
    }

    // The page's own logo and icon are all that it may load.
    sourceProblems() {
        const foreign = this.loaded.filter((url) => pathOf(url) !== '/oauth/logo');
        return [...foreign.map((url) => `loads ${url}`), ...this.complaints.map((text) => `the browser says: ${text}`)];
    }

    close() {
        return this.context.close();
    }
}
