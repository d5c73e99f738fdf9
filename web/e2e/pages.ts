/**
 * Every page, light and dark, at 390 px and 1280 px: no serious axe finding, nothing wider than the screen, no hostile
 * name that runs (O16), screenshots in e2e/out. Against the fixture, or against a running service with BASE_URL.
 * PICTURES=0 keeps only the screenshots of what is bad; PAGES=basket,govern looks at these pages alone; ONLY=busy-, open-, empty-, core- or corner- is a part of it.
 */
import type { Page } from 'playwright-core'
import { check, complaints, launch } from './browser.ts'
import { HOSTILE_NAMES, type Scenario } from './fixtures/data.ts'
import { startFixture } from './fixtures/server.ts'
import { look, looked } from './scan.ts'
import { injectWallet } from './wallet.ts'

const PAGES = ['', 'exit', 'basket', 'govern', 'dashboard', 'validators', 'operate', 'leave', 'risks', 'no-such-page']
/** Pages that look another way without a wallet, and without data; the others are the same ones again. */
const OPEN = ['', 'exit', 'basket', 'govern', 'dashboard']
const EMPTY = ['', 'exit', 'basket', 'govern', 'dashboard', 'validators', 'operate']
/** All that a deployment without a liquid side has, and one page that it has not. */
const CORE = ['', 'govern', 'dashboard', 'operate', 'leave', 'risks', 'exit']
/** The first development key of every local chain; it holds nothing anywhere else. */
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

async function settled(page: Page) {
  await page.locator('h1').first().waitFor()
  await page.waitForFunction(() => document.querySelector('.animate-pulse') === null)
  await page.evaluate(() => document.fonts.ready.then(() => true))
}

async function visit(base: string, pages: readonly string[], connected: boolean, prefix: string): Promise<string[]> {
  const bad: string[] = []
  const { context, close } = await launch()
  try {
    if (connected) await injectWallet(context, { rpcUrl: `${base}/rpc`, privateKey: KEY, chainId: 31_337 })
    const page = context.pages()[0] ?? (await context.newPage())
    const errors = complaints(page)
    if (connected) {
      await page.goto(base)
      await page.getByTestId('connect').first().click()
      await page
        .getByTestId(/connect-.*/)
        .first()
        .click()
      await page.getByTestId('account').waitFor()
    }
    const chosen = process.env.PAGES?.split(',')
    for (const path of pages.filter((each) => !chosen || chosen.includes(each))) {
      await page.goto(`${base}/${path}`)
      await settled(page)
      if (connected) await page.getByTestId('account').waitFor()
      if (connected && path === 'exit' && prefix !== 'core-') {
        await page.getByTestId('exit-amount').fill('640')
        // With nothing in the buffer there is nothing to slide.
        if (prefix === 'busy-') await page.getByTestId('exit-now-slider').fill('7500')
        await page.waitForFunction(() =>
          document.querySelector('[data-testid=exit-summary]')?.textContent?.includes('claimable'),
        )
      }
      if (connected && (path === 'basket' || (path === '' && prefix === 'core-'))) {
        await page.getByTestId('basket-out-amount').fill('640')
        await page.getByTestId('way-epoch').getByText('at the latest').waitFor()
        if (prefix === 'core-') await page.getByTestId('basket-way-kind').check()
        await page.getByTestId(prefix === 'core-' ? 'basket-mint-amount' : 'basket-in-amount').fill('12.5')
        if (prefix === 'core-') await page.getByTestId('allow-1').waitFor()
        else await page.getByTestId('basket-in-submit').and(page.locator(':enabled')).waitFor()
      } else if (connected && path === '') {
        await page.getByTestId('deposit-amount').fill('125.5')
        await page.waitForFunction(() =>
          document.querySelector('[data-testid=deposit-receive]')?.textContent?.includes('125.5'),
        )
      }
      bad.push(...(await look(page, `${prefix}${path || 'stake'}`)))
    }
    // O16: names are text. None became an element, none ran, none turned the line around.
    if (!chosen && (prefix === 'busy-' || prefix === 'open-')) {
      await page.goto(`${base}/validators`)
      await settled(page)
      const names = await page.getByTestId('validator-name').allInnerTexts()
      check(names.includes(HOSTILE_NAMES[0] ?? ''), 'o16_a name of markup is shown as the text it is')
      check(
        names.every((name) => [...name].length <= 48),
        'o16_no name is longer than 48 characters',
      )
      check(
        names.every((name) => !/[\u200b-\u200f\u202a-\u202e\u2066-\u2069]/.test(name)),
        'o16_no name hides or reverses text',
      )
      const ran = await page.evaluate(() => ({
        pwned: '__pwned' in window,
        images: document.querySelectorAll('main img').length,
        scripts: [...document.scripts].filter((script) => !script.src).length,
      }))
      check(!ran.pwned && ran.images === 0 && ran.scripts === 0, 'o16_nothing in a name ran or became an element')
    }
    // Jobs and alerts may be for key holders on a service that is not ours to configure; the page says so.
    const expected = (error: string) => prefix === 'live-' && error.includes('status of 401')
    bad.push(...errors.filter((error) => !expected(error)).map((error) => `${prefix}: ${error}`))
  } finally {
    await close()
  }
  return bad
}

/** What is not a page: the dialogs, the service away at the start and in the middle. */
async function corners(base: string): Promise<string[]> {
  const bad: string[] = []
  const { context, close } = await launch()
  try {
    const page = context.pages()[0] ?? (await context.newPage())
    await page.goto(base)
    await page.getByTestId('connect').first().focus()
    await page.keyboard.press('Enter')
    await page.getByText('No wallet was found').waitFor()
    bad.push(...(await look(page, 'corner-no-wallet', false)))
    await page.keyboard.press('Escape')
    await page.getByText('No wallet was found').waitFor({ state: 'detached' })
    check(
      await page
        .getByTestId('connect')
        .first()
        .evaluate((button) => button === document.activeElement),
      'Escape closes the dialog and gives the focus back',
    )

    // The service goes away in the middle: what is known stays, the mark says it; then it comes back by itself.
    await context.route('**/api/v1/**', (route) => route.abort())
    await page.getByText('Service unreachable').waitFor({ timeout: 30_000 })
    check(await page.getByText('Total staked value').isVisible(), 'what was known stays while the service is away')
    await page.reload()
    await page.getByRole('heading', { name: 'Waiting for the service' }).waitFor()
    bad.push(...(await look(page, 'corner-service-away', false)))
    await context.unroute('**/api/v1/**')
    await page.getByRole('heading', { name: 'Stake' }).waitFor()
    check(true, 'the app comes back by itself when the service does')
  } finally {
    await close()
  }
  const connected = await launch()
  try {
    const wallet = await injectWallet(connected.context, { rpcUrl: `${base}/rpc`, privateKey: KEY, chainId: 31_337 })
    const page = connected.context.pages()[0] ?? (await connected.context.newPage())
    await page.goto(base)
    // By keyboard alone: open, choose, and the wallet is there.
    await page.getByTestId('connect').first().focus()
    await page.keyboard.press('Enter')
    await page
      .getByTestId(/^connect-.+/)
      .first()
      .waitFor()
    bad.push(...(await look(page, 'corner-wallets', false)))
    await page
      .getByTestId(/^connect-.+/)
      .first()
      .focus()
    await page.keyboard.press('Enter')
    await page.getByTestId('account').waitFor()
    wallet.moveTo(1)
    await page.evaluate(() =>
      (window as unknown as { __e2eEmit: (event: string, value: string) => void }).__e2eEmit('chainChanged', '0x1'),
    )
    await page.getByTestId('switch-network').waitFor()
    bad.push(...(await look(page, 'corner-wrong-network', false)))
  } finally {
    await connected.close()
  }
  return bad
}

const started = Date.now()
const given = process.env.BASE_URL?.replace(/\/$/, '')
const wanted = (name: string) => !process.env.ONLY || process.env.ONLY === name
const onFixture = async (scenario: Scenario, run: (base: string) => Promise<string[]>) => {
  const fixture = await startFixture(scenario)
  try {
    return await run(fixture.base)
  } finally {
    await fixture.close()
  }
}
const runs: [string, () => Promise<string[]>][] = given
  ? [['live-', () => visit(given, PAGES, false, 'live-')]]
  : [
      ['busy-', () => onFixture('busy', (base) => visit(base, PAGES, true, 'busy-'))],
      ['open-', () => onFixture('busy', (base) => visit(base, OPEN, false, 'open-'))],
      ['empty-', () => onFixture('empty', (base) => visit(base, EMPTY, true, 'empty-'))],
      ['core-', () => onFixture('core', (base) => visit(base, CORE, true, 'core-'))],
      ['corner-', () => onFixture('busy', corners)],
    ]
// Two browsers at a time: each spends half of its life waiting for a page.
const waiting = runs.filter(([name]) => wanted(name))
const bad: string[] = []
const work = async () => {
  for (let next = waiting.shift(); next; next = waiting.shift()) bad.push(...(await next[1]()))
}
await Promise.all([work(), work()])
// One broken style is found on every page: the first ones say enough.
for (const finding of bad.slice(0, 60)) console.error(`BAD ${finding}`)
const seconds = Math.round((Date.now() - started) / 1000)
console.log(`pages: ${looked()} looks by axe and for overflow in ${seconds} s, ${bad.length || 'no'} findings`)
process.exitCode = bad.length === 0 ? 0 : 1
