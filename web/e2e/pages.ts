/**
 * Every page, light and dark, at 390 px and 1280 px: no serious axe finding, nothing wider than the screen, no hostile
 * name that runs (O16), screenshots in e2e/out. Against the fixture, or against a running service with BASE_URL.
 */
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { AxeResults } from 'axe-core'
import type { Page } from 'playwright-core'
import { check, complaints, launch } from './browser.ts'
import { HOSTILE_NAMES } from './fixtures/data.ts'
import { startFixture } from './fixtures/server.ts'
import { injectWallet } from './wallet.ts'

const OUT = fileURLToPath(new URL('./out', import.meta.url))
const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
const PAGES = ['', 'exit', 'dashboard', 'validators', 'operate', 'leave', 'no-such-page']
const WIDTHS = [390, 1280]
const THEMES = ['light', 'dark'] as const
/** The first development key of every local chain; it holds nothing anywhere else. */
const KEY = '0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'

export async function scan(page: Page, where: string): Promise<string[]> {
  const wide = await page.evaluate(() => {
    const screen = document.documentElement.clientWidth
    const out: string[] = []
    if (document.documentElement.scrollWidth > screen)
      out.push(`page is ${document.documentElement.scrollWidth} px wide`)
    // Also what an ancestor hides: text that is cut off is as bad as text that hangs over.
    for (const element of document.querySelectorAll<HTMLElement>('main *, header *, nav *, footer *')) {
      if (element.closest('svg') && element.tagName !== 'svg') continue
      if (element.closest('.sr-only, [class*="overflow-auto"]')) continue
      const box = element.getBoundingClientRect()
      if (box.width === 0 || box.height === 0) continue
      if (box.right > screen + 1 || box.left < -1)
        out.push(
          `<${element.tagName.toLowerCase()}> “${element.innerText?.slice(0, 40)}” reaches ${Math.round(box.left)}..${Math.round(box.right)}`,
        )
      const style = getComputedStyle(element)
      // Content that is wider than its own box lies over its neighbour.
      if (
        element.clientWidth > 0 &&
        style.overflowX === 'visible' &&
        element.scrollWidth > element.clientWidth + 1 &&
        element.innerText
      )
        out.push(`<${element.tagName.toLowerCase()}> “${element.innerText.slice(0, 40)}” hangs over its box`)
      if (style.overflowX === 'hidden' && element.scrollWidth > element.clientWidth + 1 && element.innerText)
        out.push(`<${element.tagName.toLowerCase()}> “${element.innerText.slice(0, 40)}” is cut off`)
    }
    return out
  })
  // As a function of the page, not a script element: the page's CSP stays in force for everything else.
  await page.evaluate(AXE)
  const results = (await page.evaluate(
    'axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"] })',
  )) as AxeResults
  const findings = results.violations.map((violation) => {
    const nodes = violation.nodes
      .slice(0, 4)
      .map((node) => `${node.target.join(' ')}: ${node.failureSummary?.split('\n').slice(1, 3).join(' ').trim()}`)
    return { impact: violation.impact, text: `${violation.impact} ${violation.id}: ${nodes.join(' | ')}` }
  })
  for (const finding of findings) {
    if (finding.impact !== 'serious' && finding.impact !== 'critical') console.log(`    ${where}: ${finding.text}`)
  }
  const serious = findings.filter((finding) => finding.impact === 'serious' || finding.impact === 'critical')
  return [...wide, ...serious.map((finding) => finding.text)].map((text) => `${where}: ${text}`)
}

async function settled(page: Page) {
  await page.locator('h1').first().waitFor()
  await page.waitForFunction(() => document.querySelector('.animate-pulse') === null)
  await page.evaluate(() => document.fonts.ready.then(() => true))
}

async function visit(base: string, connected: boolean, prefix: string, key = KEY): Promise<string[]> {
  const bad: string[] = []
  const { context, close } = await launch()
  try {
    if (connected)
      await injectWallet(context, { rpcUrl: `${base}/rpc`, privateKey: key as `0x${string}`, chainId: 31_337 })
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
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme })
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: width < 500 ? 844 : 900 })
        for (const path of PAGES) {
          await page.goto(`${base}/${path}`)
          await settled(page)
          if (connected) await page.getByTestId('account').waitFor()
          if (connected && path === 'exit') {
            await page.getByTestId('exit-amount').fill('640')
            // With nothing in the buffer there is nothing to slide.
            if (prefix === 'busy-') await page.getByTestId('exit-now-slider').fill('7500')
            await page.waitForFunction(() =>
              document.querySelector('[data-testid=exit-summary]')?.textContent?.includes('claimable'),
            )
          }
          if (connected && path === '') {
            await page.getByTestId('deposit-amount').fill('125.5')
            await page.waitForFunction(() =>
              document.querySelector('[data-testid=deposit-receive]')?.textContent?.includes('125.5'),
            )
          }
          const name = `${prefix}${path || 'stake'}-${theme}-${width}`
          bad.push(...(await scan(page, name)))
          await page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true })
        }
      }
    }
    // O16: names are text. None became an element, none ran, none turned the line around.
    if (prefix === 'busy-' || prefix === 'open-') {
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
  const look = async (page: Page, name: string) => {
    for (const theme of THEMES) {
      await page.emulateMedia({ colorScheme: theme })
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: width < 500 ? 844 : 900 })
        bad.push(...(await scan(page, `${name}-${theme}-${width}`)))
        await page.screenshot({ path: join(OUT, `${name}-${theme}-${width}.png`) })
      }
    }
  }
  const { context, close } = await launch()
  try {
    const page = context.pages()[0] ?? (await context.newPage())
    await page.goto(base)
    await page.getByTestId('connect').first().focus()
    await page.keyboard.press('Enter')
    await page.getByText('No wallet was found').waitFor()
    await look(page, 'corner-no-wallet')
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
    await look(page, 'corner-service-away')
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
    await look(page, 'corner-wallets')
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
    await look(page, 'corner-wrong-network')
  } finally {
    await connected.close()
  }
  return bad
}

mkdirSync(OUT, { recursive: true })
const bad: string[] = []
const given = process.env.BASE_URL
if (given) {
  bad.push(...(await visit(given.replace(/\/$/, ''), false, 'live-')))
} else {
  for (const [scenario, connected, prefix] of [
    ['busy', true, 'busy-'],
    ['busy', false, 'open-'],
    ['empty', true, 'empty-'],
  ] as const) {
    if (process.env.ONLY && process.env.ONLY !== prefix) continue
    const fixture = await startFixture(scenario)
    try {
      bad.push(...(await visit(fixture.base, connected, prefix)))
    } finally {
      await fixture.close()
    }
  }
}
if (!given && (!process.env.ONLY || process.env.ONLY === 'corner-')) {
  const fixture = await startFixture('busy')
  try {
    bad.push(...(await corners(fixture.base)))
  } finally {
    await fixture.close()
  }
}
for (const finding of bad) console.error(`BAD ${finding}`)
console.log(bad.length === 0 ? 'pages: all clean' : `pages: ${bad.length} findings`)
process.exitCode = bad.length === 0 ? 0 : 1
