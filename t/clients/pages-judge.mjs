// What a page must be for whoever reads it, as the browser shows it: found by axe, html-validate and by measuring. Each function
// answers a list of what is wrong, in words.
import axe from 'axe-core';
import { HtmlValidate } from 'html-validate';

// ---- the HTML as it is sent

const validator = new HtmlValidate({
    root: true,
    extends: ['html-validate:recommended', 'html-validate:standard', 'html-validate:a11y', 'html-validate:document'],
    rules: {
        // Templates put an attribute in or leave it out with the blank behind it.
        'no-trailing-whitespace': 'off',
        // A box for each scope.
        'form-dup-name': ['error', { shared: ['radio', 'checkbox', 'submit', 'button', 'reset'] }],
        // The doctype is right in either case.
        'doctype-style': 'off',
        // {{brand}} may be as long as its administrator likes.
        'long-title': 'off'
    }
});

export async function markupProblems(html) {
    const report = await validator.validateString(html);
    // A client may have several redirect URIs, a field for each.
    const isWrong = (m) => m.message !== 'Duplicate form control name "redirect"';
    return report.results.flatMap((result) => result.messages.filter(isWrong).map((m) => `html-validate ${m.ruleId}, line ${m.line}: ${m.message}`));
}

// ---- axe

const ofColours = ['color-contrast', 'link-in-text-block'];

// rules: all, those of colours, or the others, where these have been asked.
export async function axeProblems(page, what, rules = 'all') {
    if (!await page.evaluate(() => Boolean(window.axe))) {
        await page.evaluate(axe.source);
    }
    const others = Object.fromEntries([...ofColours.map((rule) => [rule, { enabled: rules === 'all' }]), ['target-size', { enabled: true }]]);
    const found = await page.evaluate((asked) => window.axe.run(document, { resultTypes: ['violations'], preload: false, ...asked }),
        rules === 'colours' ? { runOnly: { type: 'rule', values: ofColours } } : { rules: others });
    return found.violations.map((v) => `axe ${what} ${v.id}: ${v.nodes.map((n) => n.target + ' ' + (n.any[0]?.message ?? '')).join('; ')}`);
}

// ---- what is in sight

// The functions that run in the page come as one text, for the colours are needed by two of them.
const inPage = `
    const channels = (text) => {
        const numbers = text.match(/[\\d.]+/g).map(Number);
        return text.startsWith('color(srgb') ? [...numbers.slice(0, 3).map((n) => n * 255), numbers[3] ?? 1] : numbers.length < 4 ? [...numbers, 1] : numbers;
    };
    const luminance = (colour) => {
        const [r, g, b] = channels(colour).slice(0, 3).map((n) => n / 255).map((n) => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const contrast = (a, b) => {
        const [less, more] = [luminance(a), luminance(b)].sort((x, y) => x - y);
        return (more + 0.05) / (less + 0.05);
    };
    const isClear = (colour) => channels(colour)[3] === 0;
    // What is painted behind an element.
    const ground = (element) => {
        for (let e = element; e; e = e.parentElement) {
            const colour = getComputedStyle(e).backgroundColor;
            if (!isClear(colour)) return colour;
        }
        return 'rgb(255, 255, 255)';
    };
    const controls = () => [...document.querySelectorAll('a[href], button, input:not([type=hidden])')].filter((e) => e.getClientRects().length);
    // Of radio buttons Tab reaches the chosen one; the arrows lead to the others.
    const stops = () => controls().filter((e) => e.type !== 'radio' || e.checked);
    const named = (e) => e.tagName.toLowerCase() + (e.name ? '[' + e.name + (e.value ? '=' + e.value.slice(0, 20) : '') + ']' : '') + ' "' + e.textContent.trim().slice(0, 20) + '"';
    const isInline = (e) => getComputedStyle(e).display === 'inline';
`;

function evaluate(page, body, argument) {
    return page.evaluate(`((argument) => { ${inPage} ${body} })(${JSON.stringify(argument ?? null)})`);
}

// Nothing is cut off, nothing scrolls sideways, and every control can be hit. Links within a sentence are as high as its lines.
export function layoutProblems(page, what) {
    return evaluate(page, `
        const wrong = [], root = document.scrollingElement, width = root.clientWidth;
        if (root.scrollWidth > width) wrong.push(argument + ': scrolls sideways, ' + root.scrollWidth + ' > ' + width);
        for (const e of document.body.querySelectorAll('*')) {
            const box = e.getBoundingClientRect(), style = getComputedStyle(e);
            if (!box.width || !box.height) continue;
            if (box.left < -0.5 || box.right > width + 0.5) wrong.push(argument + ': out of sight: ' + named(e));
            if (style.overflowX !== 'visible' && e.tagName !== 'INPUT' && e.tagName !== 'IMG' && (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight)) {
                wrong.push(argument + ': cut off: ' + named(e));
            }
            if (style.overflowX === 'visible' && style.display !== 'inline' && e.clientWidth && e.scrollWidth > e.clientWidth + 1) {
                wrong.push(argument + ': text runs out of ' + named(e));
            }
        }
        for (const e of controls()) {
            const box = (e.closest('label') ?? e).getBoundingClientRect();
            if (!isInline(e) && (box.width < 24 || box.height < 24)) wrong.push(argument + ': ' + box.width + ' x ' + box.height + ' px: ' + named(e));
        }
        return wrong;`, what);
}

// What is no text, so that axe does not look at it: a control is told from what is around it by its fill or by its edge.
export function contrastProblems(page, what) {
    return evaluate(page, `
        const wrong = [];
        const expect = (e, part, a, b, least) => {
            const found = contrast(a, b);
            if (found < least) wrong.push(argument + ': ' + part + ' of ' + named(e) + ' ' + a + ' on ' + b + ': ' + found.toFixed(2));
        };
        for (const e of controls()) {
            const style = getComputedStyle(e), around = ground(e.parentElement);
            const hasEdge = parseFloat(style.borderTopWidth) > 0 && style.borderTopStyle !== 'none' && !isClear(style.borderTopColor);
            if (e.type === 'checkbox') {
                if (style.accentColor !== 'auto') expect(e, 'tick box', style.accentColor, around, 3);
            } else if (hasEdge) {
                const fill = ground(e), best = contrast(fill, around) > contrast(style.borderTopColor, around) ? fill : style.borderTopColor;
                expect(e, 'fill and edge', best, around, 3);
            }
            if (e.textContent.trim()) expect(e, 'text', style.color, ground(e), 4.5);
        }
        return wrong;`, what);
}

// ---- the keyboard

// Tab reaches every control in the order in which they stand, and each shows that it has the focus.
export async function keyboardProblems(page, what, most = 30) {
    const wrong = [];
    const count = Math.min(await evaluate(page, 'return stops().length;'), most);
    await page.mouse.click(1, 1); // so that Tab begins at the top, whatever has the focus
    for (let i = 0; i < count; i++) {
        await page.keyboard.press('Tab');
        const found = await evaluate(page, `
            const e = document.activeElement, all = stops(), style = getComputedStyle(e), at = all.indexOf(e);
            const box = e.getBoundingClientRect();
            if (at !== argument) return 'Tab number ' + (argument + 1) + ' is at ' + named(e);
            if (style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) return 'no ring: ' + named(e);
            if (parseFloat(style.outlineOffset) < 1) return 'the ring touches ' + named(e);
            const found = contrast(style.outlineColor, ground(e.parentElement));
            if (found < 3) return 'ring of ' + named(e) + ': ' + found.toFixed(2);
            const above = at > 0 ? all[at - 1].getBoundingClientRect() : box;
            return box.bottom < above.top - 1 ? named(e) + ' stands above the one before it' : '';`, i);
        if (found) {
            wrong.push(`${what}: ${found}`);
        }
    }
    return wrong;
}

// ---- a form that is shown again

// Its problem is told to whoever hears the page only: in the title, and with the field that it is about.
export function problemProblems(page) {
    return evaluate(page, `
        const wrong = [], problem = document.getElementById('problem');
        if (!problem) return ['no problem is told'];
        if (!document.title.startsWith('Error: ')) wrong.push('the title does not begin with Error: ' + document.title);
        if (!document.querySelector('input[aria-describedby~=problem]')) wrong.push('no field is tied to the problem');
        return wrong;`);
}

// One stylesheet, and nothing that a page could run.
export function sourceProblems(page) {
    return evaluate(page, `
        const wrong = [];
        if (document.querySelectorAll('style').length !== 1) wrong.push('not exactly one stylesheet');
        if (document.querySelector('script, iframe, object, embed, link:not([rel=icon]), [style], [onclick]')) wrong.push('something that no page has');
        return wrong;`);
}
