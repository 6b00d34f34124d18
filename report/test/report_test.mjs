// SPDX-License-Identifier: MIT
/*
 * report_test.mjs -- the page in a real browser: Chromium, without a window
 *
 *     node report_test.mjs PAGE.html [REPORT.html...]
 *
 * PAGE is the page without data; it is filled with mocks. A REPORT is one that `ouro report` has written. Each page is
 * clicked through, used by keyboard alone, and looked at in dark and light and on a phone. Whatever the page says on
 * the console is a failure, and so is any request for anything but the page itself. CHROMIUM names another browser;
 * with SCREENSHOTS=folder pictures of the first REPORT for the documents are kept there, and nothing is tested. NODE_PATH says where playwright-core is.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bare, hostile, longName, pageOf, rich } from './mock.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const modules = process.env.NODE_PATH || join(here, '../node_modules');
const { chromium } = createRequire(join(modules, 'x.js'))('playwright-core');

const VIEWS = ['overview', 'map', 'dominators', 'holders', 'cycles', 'growth', 'types', 'pools', 'timeline', 'sites', 'about'];
const PHONE = { width: 390, height: 844 };
const DESKTOP = { width: 1280, height: 860 };
const AT_ONCE = 4; // most of a test is waiting for pictures to be drawn
const LOAD_LIMIT = 20000; // milliseconds: about a second, but a machine may have much else to do

const [template, ...reports] = process.argv.slice(2);
const folder = mkdtempSync(join(tmpdir(), 'ouro-report-'));
const urlOf = (path) => `file://${path}`;

function write(name, data) {
  const path = join(folder, name);
  writeFileSync(path, pageOf(readFileSync(template, 'utf8'), data));
  return path;
}

/* Pages with the same options are tabs of one window: a window takes longer to open than a report, and a report keeps
 * nothing outside its page. */
const windows = new Map();
function windowWith(browser, options) {
  const key = JSON.stringify(options);
  if (!windows.has(key)) windows.set(key, browser.newContext({ viewport: DESKTOP, offline: true, ...options }));
  return windows.get(key);
}

/* A page whose console and requests are watched. `options` are playwright's of a context. */
async function open(browser, path, options = {}) {
  const page = await (await windowWith(browser, options)).newPage();
  const complaints = [];
  page.on('console', (message) => complaints.push(`console ${message.type()}: ${message.text()}`));
  page.on('pageerror', (error) => complaints.push(`error: ${error.message}`));
  page.on('request', (request) => {
    if (request.url() !== urlOf(path) && !request.url().startsWith('data:') && !request.url().startsWith(`${urlOf(path)}#`)) complaints.push(`request: ${request.url()}`);
  });
  const begun = performance.now();
  await page.goto(urlOf(path));
  await page.waitForSelector('h2');
  const milliseconds = performance.now() - begun;
  return { page, complaints, milliseconds, done: async () => { assert.deepEqual(complaints, []); await page.close(); } };
}

async function goTo(page, view) {
  await page.click(`nav[aria-label="Views"] a[data-view="${view}"]`);
  await page.waitForFunction((name) => document.querySelector('main').dataset.view === name, view);
  await page.evaluate(() => new Promise((resolve) => { requestAnimationFrame(() => requestAnimationFrame(resolve)); }));
}

const overflow = (page) => page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
const text = (page, selector) => page.locator(selector).first().innerText();

/* Everything that can be pressed has a name, and nothing shows what only a programmer understands. */
async function checkView(page, view) {
  const nameless = await page.$$eval('main button, main a, main input, main [tabindex="0"]', (all) => all
    .filter((each) => !(each.innerText || each.getAttribute('aria-label') || each.textContent).trim()).map((each) => each.outerHTML.slice(0, 120)));
  assert.deepEqual(nameless, [], `${view}: things without a name`);
  const content = await page.locator('main').innerText();
  assert.ok(content.trim().length > 40, `${view} is empty`);
  assert.doesNotMatch(content, /undefined|NaN|\[object|Infinity|\bnull\b|\bfalse\b/, view);
}

async function clickThrough({ page }, views = VIEWS) {
  for (const view of views) {
    await goTo(page, view);
    await checkView(page, view);
    for (const button of await page.locator('main .choice button').all()) {
      await button.click();
      await checkView(page, view);
    }
  }
}

/* ---- tests ------------------------------------------------------------------ */

const tests = {
  async 'every view of a full report, clicked through'(browser, { full }) {
    const opened = await open(browser, full);
    assert.ok(opened.milliseconds < LOAD_LIMIT, `loaded in ${opened.milliseconds.toFixed(0)} ms`);
    console.log(`   a report of a million objects is there after ${opened.milliseconds.toFixed(0)} ms`);
    await clickThrough(opened);
    await opened.done();
  },

  async 'a bare snapshot says what is missing and how to get it'(browser, { empty }) {
    const opened = await open(browser, empty);
    await clickThrough(opened);
    for (const view of VIEWS.filter((name) => name !== 'overview' && name !== 'about' && name !== 'cycles')) {
      await goTo(opened.page, view);
      assert.equal(await opened.page.locator('.empty').count(), 1, view);
    }
    await opened.done();
  },

  async 'names that look like HTML stay text'(browser, { full }) {
    const opened = await open(browser, full);
    await goTo(opened.page, 'types');
    await opened.page.fill('input[type=search]', 'onerror');
    assert.equal(await opened.page.locator('tbody tr').count(), 1);
    assert.equal(await text(opened.page, 'tbody th'), hostile);
    assert.equal(await opened.page.evaluate(() => window.broken), undefined);
    assert.equal(await opened.page.locator('img').count(), 0);
    await opened.done();
  },

  async 'the policy of the page lets nothing else run or load'(browser, { full }) {
    const path = join(folder, 'injected.html');
    writeFileSync(path, readFileSync(full, 'utf8').replace('<div id="app">', '<script>window.broken = 1</script><img src="https://example.com/x.png"><div id="app">'));
    const { page, complaints } = await open(browser, path);
    assert.equal(await page.evaluate(() => window.broken), undefined);
    for (const refused of [/Executing inline script violates/, /Loading the image .* violates/]) {
      assert.ok(complaints.some((line) => refused.test(line)), complaints.join('\n'));
    }
    await page.close();
  },

  async 'the map opens and closes by pointer and by keyboard'(browser, { full }) {
    const opened = await open(browser, full);
    const { page } = opened;
    await goTo(page, 'map');
    const crumbs = () => page.locator('.trail > *').count();
    await page.locator('button.box').first().click({ position: { x: 8, y: 8 } });
    assert.equal(await crumbs(), 2);
    await page.keyboard.press('Escape');
    assert.equal(await crumbs(), 1);
    const before = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    await page.keyboard.press('ArrowRight');
    const after = await page.evaluate(() => document.activeElement.getAttribute('aria-label'));
    assert.notEqual(before, after, 'an arrow key moves');
    await page.locator('button.box').first().focus();
    await page.keyboard.press('Enter');
    assert.equal(await crumbs(), 2);
    await opened.done();
  },

  async 'the tree of dominators by keyboard'(browser, { full }) {
    const opened = await open(browser, full);
    const { page } = opened;
    await goTo(page, 'dominators');
    const rows = () => page.locator('tbody tr').count();
    const folded = await rows();
    await page.locator('tbody tr[tabindex="0"]').focus();
    await page.keyboard.press('ArrowRight');
    assert.ok(await rows() > folded, 'right unfolds');
    await page.keyboard.press('ArrowRight');
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute('aria-level')), '2');
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowLeft');
    assert.equal(await rows(), folded, 'left goes out and folds');
    await page.keyboard.press('End');
    assert.equal(await page.evaluate(() => document.activeElement.rowIndex), folded);
    await page.keyboard.press('Home');
    await page.keyboard.press('Enter');
    assert.ok(await rows() > folded, 'Enter unfolds');
    await opened.done();
  },

  async 'sums of the trees are exact'(browser, { full }) {
    const opened = await open(browser, full);
    const data = JSON.parse(await opened.page.locator('#data').textContent());
    const own = 2;
    for (const [nodes, all] of [[data.dominators.nodes, data.dominators], [data.groups.nodes.map((row) => [row[0], row[1], row[3], row[4], 0, 0, 0, row[5], row[6]]), data.groups]]) {
      const inside = nodes.map(() => 0);
      let top = all.omittedBytes;
      for (const row of nodes) {
        if (row[0] < 0) top += row[own + 1];
        else inside[row[0]] += row[own + 1];
      }
      assert.equal(top, data.totals.bytes - data.totals.unreachableBytes);
      assert.deepEqual(nodes.filter((row, i) => row[own] + inside[i] + row[8] !== row[own + 1]), [], 'each row is its own, its children and what was left out');
    }
    await opened.done();
  },

  async 'tables sort and filter'(browser, { full }) {
    const opened = await open(browser, full);
    const { page } = opened;
    await goTo(page, 'types');
    const sorted = () => page.$$eval('th[aria-sort]', (all) => all.filter((each) => each.getAttribute('aria-sort') !== 'none').map((each) => [each.innerText, each.getAttribute('aria-sort')]));
    assert.deepEqual(await sorted(), [['Bytes', 'descending']]);
    await page.getByRole('button', { name: 'Type', exact: true }).focus();
    await page.keyboard.press('Enter');
    assert.deepEqual(await sorted(), [['Type', 'ascending']]);
    const names = await page.$$eval('tbody th', (all) => all.map((each) => each.innerText));
    assert.deepEqual(names, [...names].sort((a, b) => a.localeCompare(b, 'en', { numeric: true })));
    await page.fill('input[type=search]', 'nothing is called that');
    assert.match(await text(page, 'tbody'), /Nothing matches/);
    await opened.done();
  },

  async 'pools tell what they are, by pointer and by keyboard'(browser, { full }) {
    const opened = await open(browser, full);
    const { page } = opened;
    await goTo(page, 'pools');
    await page.hover('canvas', { position: { x: 140, y: 5 } });
    assert.match(await text(page, '.hint'), /blocks? live/);
    await page.focus('canvas');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowDown');
    assert.match(await text(page, '#pool-told'), /blocks of/);
    await opened.done();
  },

  async 'a collection shows its phases'(browser, { full }) {
    const opened = await open(browser, full);
    const { page } = opened;
    await goTo(page, 'timeline');
    await page.getByRole('region', { name: 'Collections' }).locator('button.link').nth(8).click();
    assert.match(await text(page, 'section.card[aria-live]'), /collection at/);
    assert.ok(await page.locator('.phases li').count() > 0);
    assert.equal(await page.locator('.u-over').count(), 3, 'three charts');
    await opened.done();
  },

  async 'cycles are drawn with their fields'(browser, { full }) {
    const opened = await open(browser, full);
    const { page } = opened;
    await goTo(page, 'cycles');
    for (const button of await page.locator('.browser-list button').all()) {
      await button.click();
      const labels = await page.locator('.detail .edge-label, .detail .way .edge').count();
      assert.ok(labels > 0, await button.innerText());
    }
    await opened.done();
  },

  async 'objects of a cycle that have names are drawn one by one'(browser) {
    const data = rich();
    const { example } = data.cycles.list[0];
    example.round = ['alpha', 'beta'].map((text, i) => [2, text, `7f0${i}`, [1, 'depends', 0]]);
    const opened = await open(browser, write('named.html', data));
    await goTo(opened.page, 'cycles');
    await opened.page.waitForSelector('.detail svg');
    const drawn = await opened.page.textContent('.detail');
    assert.match(drawn, /alpha/);
    assert.match(drawn, /beta/);
    assert.match(await text(opened.page, '.browser-list button'), /× 2/, 'the list tells a round that repeats itself once');
    await opened.done();
  },

  async 'the keyboard alone reaches every view, and the focus shows'(browser, { full }) {
    const opened = await open(browser, full);
    const { page } = opened;
    await page.keyboard.press('Tab');
    assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
    const reached = [];
    for (let i = 0; i < 40 && reached.length < VIEWS.length; i++) {
      await page.keyboard.press('Tab');
      const { view, outline } = await page.evaluate(() => ({ view: document.activeElement.dataset.view, outline: getComputedStyle(document.activeElement).outlineStyle }));
      assert.notEqual(outline, 'none', 'the focus shows');
      if (view && !reached.includes(view)) reached.push(view);
    }
    assert.deepEqual(reached, VIEWS);
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('main').dataset.view === 'about');
    assert.equal(await page.evaluate(() => document.activeElement.innerText), 'About this report', 'the focus follows');
    await opened.done();
  },

  async 'dark and light, as the system says and as the reader wants'(browser, { full }) {
    const luminance = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor.match(/\d+/g).reduce((sum, each) => sum + Number(each), 0));
    for (const [colorScheme, dark] of [['dark', true], ['light', false]]) {
      const opened = await open(browser, full, { colorScheme });
      assert.equal(await luminance(opened.page) < 200, dark, colorScheme);
      await opened.page.click('.theme');
      assert.equal(await luminance(opened.page) < 200, !dark, `${colorScheme}, other`);
      if (dark) for (const view of VIEWS) await goTo(opened.page, view);
      await opened.done();
    }
  },

  async 'text stands out from what it is written on'(browser, { full }) {
    for (const colorScheme of ['light', 'dark']) {
      const opened = await open(browser, full, { colorScheme });
      for (const view of ['overview', 'map', 'dominators', 'cycles']) {
        await goTo(opened.page, view);
        const poor = await opened.page.evaluate(poorContrast);
        assert.deepEqual(poor, [], `${view}, ${colorScheme}`);
      }
      await opened.done();
    }
  },

  async 'a phone: nothing beside the screen, everything in reach'(browser, { full }) {
    const opened = await open(browser, full, { viewport: PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2 });
    for (const view of VIEWS) {
      await goTo(opened.page, view);
      assert.ok(await overflow(opened.page) <= 0, `${view} scrolls sideways by ${await overflow(opened.page)}`);
      const small = await opened.page.$$eval('nav a, .choice button, .theme', (all) => all.filter((each) => each.getBoundingClientRect().height < 30).map((each) => each.innerText));
      assert.deepEqual(small, [], 'large enough for a finger');
    }
    await opened.done();
  },

  async 'long names are shortened and told in full'(browser, { full }) {
    const opened = await open(browser, full);
    await goTo(opened.page, 'overview');
    assert.ok(await opened.page.locator(`[title="${longName}"]`).count() > 0);
    await opened.done();
  },

  async 'libraries are named with their licences'(browser, { empty }) {
    const opened = await open(browser, empty);
    await goTo(opened.page, 'about');
    const told = await opened.page.locator('main').innerText();
    for (const name of ['d3-hierarchy', 'uplot', '@dagrejs/dagre']) assert.ok(told.includes(name), name);
    await opened.page.locator('summary').first().click();
    assert.match(await text(opened.page, '.license'), /[Pp]ermission/);
    await opened.done();
  },
};

/* Runs in the page: words whose colour is too near that of the surface behind them (WCAG AA). */
function poorContrast() {
  const channels = (colour) => colour.match(/[\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((each) => (each / 255 <= 0.03928 ? each / 255 / 12.92 : ((each / 255 + 0.055) / 1.055) ** 2.4)).reduce((sum, each, i) => sum + each * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = channels(getComputedStyle(each).backgroundColor);
      if (colour.length === 3 || colour[3] > 0.9) return colour;
    }
    return [255, 255, 255];
  };
  const poor = new Set();
  for (const element of document.querySelectorAll('main *, nav *, header *')) {
    const words = [...element.childNodes].filter((node) => node.nodeType === 3 && node.textContent.trim());
    if (words.length === 0 || element.closest('svg') || element.getClientRects().length === 0) continue;
    const [a, b] = [light(channels(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.add(`${element.className}: ${words[0].textContent.slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return [...poor];
}

/* A report of the command, on a desk and on a phone: the first with every view, the others with what is special to them;
 * in longer runs each with every view. */
async function checkReport(browser, path) {
  const views = (process.env.OURO_TEST_TIER ?? 'ordinary') !== 'ordinary' || path === reports[0] ? VIEWS : ['overview', 'growth'];
  const opened = await open(browser, path);
  assert.ok(opened.milliseconds < LOAD_LIMIT, `loaded in ${opened.milliseconds.toFixed(0)} ms`);
  await clickThrough(opened, views);
  await opened.done();
  const phone = await open(browser, path, { viewport: PHONE, colorScheme: 'dark' });
  for (const view of views) {
    await goTo(phone.page, view);
    assert.ok(await overflow(phone.page) <= 0, view);
  }
  await phone.done();
}

/* The pictures of docs/report.md. */
async function takePictures(browser, path, to) {
  const shots = [
    ['map', { colorScheme: 'light' }, 'report-map'], ['cycles', { colorScheme: 'dark' }, 'report-cycles'],
    ['growth', { colorScheme: 'light', viewport: PHONE }, 'report-phone'],
  ];
  for (const [view, options, name] of shots) {
    const { page, done } = await open(browser, path, options);
    await goTo(page, view);
    await page.evaluate(() => document.activeElement.blur());
    await page.mouse.move(0, 0);
    await page.screenshot({ path: join(to, `${name}.png`) });
    await done();
  }
}

async function main() {
  const pages = { full: write('full.html', rich()), empty: write('empty.html', bare()) };
  const all = { ...tests };
  for (const path of reports) all[`a report of the command: ${basename(path)}`] = (browser) => checkReport(browser, path);
  for (const path of reports) all[`sums of the command: ${basename(path)}`] = (browser) => tests['sums of the trees are exact'](browser, { full: path });
  const browser = await chromium.launch({
    executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
  if (process.env.SCREENSHOTS) {
    await takePictures(browser, reports[0], process.env.SCREENSHOTS);
    await browser.close();
    return;
  }
  let failed = 0;
  const left = Object.entries(all).filter(([name]) => !process.env.ONLY || name.includes(process.env.ONLY));
  const work = async () => {
    for (let next = left.shift(); next; next = left.shift()) {
      const [name, test] = next;
      const begun = performance.now();
      try {
        await test(browser, pages);
        console.log(`ok   ${name} (${Math.round(performance.now() - begun)} ms)`);
      } catch (error) {
        failed += 1;
        console.log(`FAIL ${name}\n${error.stack}`);
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
  process.exitCode = failed > 0 ? 1 : 0;
}

await main();
