// The ways in which a page is looked at: light and dark, in the system's colours, on a telephone, with letters twice as large, and by
// the keyboard. Each answers what is wrong, and leaves pictures in the album.
import { axeProblems, contrastProblems, keyboardProblems, layoutProblems, markupProblems, problemProblems, sourceProblems } from './pages-judge.mjs';

const telephone = { width: 320, height: 640 };

// What somebody has told the browser.
async function tell(visitor, command, value) {
    const session = await visitor.context.newCDPSession(visitor.page);
    await session.send(command, value);
    await session.detach();
}

const enlarge = (visitor, factor) => tell(visitor, 'Page.setFontSizes', { fontSizes: { standard: 16 * factor, fixed: 13 * factor } });

// isRefused: the page says what was wrong with what was typed. tabs: so often Tab is pressed at most; ringTabs: where it is
// about the look of the ring alone.
export async function judgeEnglish(name, visitor, album, { isRefused, tabs = 30, ringTabs = 8 }) {
    const { page } = visitor, problems = [];
    const add = async (found) => problems.push(...await found);
    await add(markupProblems(await visitor.html()));
    await add(sourceProblems(page));
    if (isRefused) {
        await add(problemProblems(page));
    }
    await album.take(page, name, 'light');
    await add(axeProblems(page, 'light'));
    await add(layoutProblems(page, 'window'));
    await add(contrastProblems(page, 'light'));
    await add(keyboardProblems(page, 'light', tabs));
    await page.emulateMedia({ colorScheme: 'dark' });
    await album.take(page, name, 'dark');
    await add(axeProblems(page, 'dark', 'colours'));
    await add(contrastProblems(page, 'dark'));
    await add(keyboardProblems(page, 'dark', ringTabs));
    await page.emulateMedia({ colorScheme: 'light', forcedColors: 'active' });
    await add(keyboardProblems(page, 'forced colours', ringTabs));
    await add(layoutProblems(page, 'forced colours'));
    await album.take(page, name, 'forced');
    await page.emulateMedia({ colorScheme: 'light', forcedColors: 'none' });
    await enlarge(visitor, 2);
    await add(layoutProblems(page, '200 % in a window'));
    await page.setViewportSize(telephone);
    await add(layoutProblems(page, '200 % at 320 px'));
    await enlarge(visitor, 1);
    await add(layoutProblems(page, '320 px'));
    await album.take(page, name, 'small');
    return problems;
}

// axe itself is a script: where there are none, the page is laid out and no more. Colours are the same in each language.
export async function judgeOther(name, visitor, album, language) {
    const { page } = visitor, problems = await layoutProblems(page, language);
    await album.take(page, name, language);
    await page.setViewportSize(telephone);
    problems.push(...await layoutProblems(page, `${language} at 320 px`));
    return visitor.hasJavaScript ? problems.concat(await axeProblems(page, language, 'others')) : problems;
}
