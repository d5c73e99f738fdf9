/**
 * The picture in the README: Stake, Exit and Validators of a running demo, once its users and one visitor have acted.
 * `scripts/screenshots` starts the demo for it. Nothing in the picture is made up, so no two are alike.
 *
 *   BASE_URL  the demo's app     RPC_URL  its chain     OUT  the PNG     CHROMIUM  the browser
 */
import { statSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import type { Hex } from 'viem'
import type { Overview, Validator } from '../src/api/types.ts'
import { check, launch, until } from './browser.ts'
import { fewColours } from './png.ts'
import { connect, injectWallet } from './wallet.ts'

const base = process.env.BASE_URL ?? 'http://127.0.0.1:8080'
const rpcUrl = process.env.RPC_URL ?? 'http://127.0.0.1:8545'
const out = process.env.OUT ?? 'picture.png'
/** anvil's second published key, the one that the demo offers to its visitor. */
const KEY: Hex = '0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d'
/** The narrowest width at which the three paths of an exit stand side by side. */
const WIDTH = 780
/** The bar on top of every page; one is enough for a column. */
const BAR = 64
const MOST_BYTES = 200_000

const api = async <T>(path: string): Promise<T> => (await (await fetch(`${base}/api/v1${path}`)).json()) as T

async function submit(page: Page, name: 'deposit' | 'exit') {
  await page.getByTestId(`${name}-submit`).and(page.locator(':enabled')).click()
  await page.getByTestId(`${name}-status`).getByText('Done', { exact: true }).waitFor({ timeout: 60_000 })
}

/** The page from `top` to `bottom` px. */
async function part(page: Page, top: number, bottom: number): Promise<string> {
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur())
  const png = await page.screenshot({ clip: { x: 0, y: top, width: WIDTH, height: bottom - top }, fullPage: true })
  return `<img alt="" src="data:image/png;base64,${png.toString('base64')}">`
}

/** Where the first `selector` ends, with some air below. */
async function endOf(page: Page, selector: string): Promise<number> {
  const box = await page.locator(selector).first().boundingBox()
  if (!box) throw new Error(`nothing like ${selector} on the page`)
  return Math.round(box.y + box.height + 20)
}

/** A quarter of the buckets cools, and their ends lie apart: what a ladder is for. After six minutes any return will do. */
function lively(validators: Validator[], waited: number): boolean {
  const buckets = validators.flatMap((validator) => validator.buckets)
  const ends = buckets.filter((bucket) => bucket.state === 'cooling').map((bucket) => bucket.nextAvailableTime)
  const apart = ends.length > 0 && Math.max(...ends) - Math.min(...ends) > 6 * 86_400
  console.log(`    ${Math.round(waited / 1000)} s: ${ends.length} of ${buckets.length} buckets cool`)
  return (apart && ends.length * 4 > buckets.length) || (waited > 360_000 && ends.length > 0)
}

const { context, close } = await launch()
try {
  await injectWallet(context, { rpcUrl, privateKey: KEY, chainId: 31_337 })
  const page = context.pages()[0] ?? (await context.newPage())
  await page.setViewportSize({ width: WIDTH, height: 900 })
  await connect(page, base)

  // The visitor joins and asks for a part back, so that there is something to see on Exit.
  await page.getByTestId('deposit-amount').fill('5000')
  await submit(page, 'deposit')
  await page.goto(`${base}/exit`)
  await page.getByTestId('exit-amount').fill('1500')
  await page.getByTestId('exit-all-queue').and(page.locator(':enabled')).click()
  await submit(page, 'exit')
  const since = Date.now()
  while (!lively(await api<Validator[]>('/validators'), Date.now() - since)) await page.waitForTimeout(5_000)

  await page.goto(base)
  await page.getByTestId('deposit-amount').fill('250')
  await page.getByTestId('deposit-submit').and(page.locator(':enabled')).waitFor()
  const stakeEnd = await endOf(page, 'form >> xpath=..')
  const stake = await part(page, 0, stakeEnd)
  await page.goto(`${base}/exit`)
  await until(
    'the buffer can pay something now',
    async () => BigInt((await api<Overview>('/monitoring/overview')).instantLiquidity) > 0n,
  )
  await page.getByTestId('exit-amount').fill('1200')
  await page.getByTestId('exit-now-slider').fill('5000')
  await page.getByTestId('exit-submit').and(page.locator(':enabled')).waitFor()
  await page.getByTestId('exit-summary').getByText('claimable').waitFor()
  const exitEnd = await endOf(page, 'form')
  const exit = await part(page, BAR, exitEnd)
  await page.goto(`${base}/validators`)
  await page.getByTestId('validator-name').first().waitFor()
  const height = stakeEnd + exitEnd - BAR
  const ladders = await part(page, 0, height)

  await page.setViewportSize({ width: 2 * WIDTH + 8, height })
  await page.setContent(
    `<body style="margin:0;background:#d8d8d2"><div style="display:flex;gap:8px;align-items:flex-start">
      <div style="display:grid">${stake}${exit}</div>${ladders}</div>`,
  )
  writeFileSync(out, fewColours(await page.screenshot()))
  const { size } = statSync(out)
  check(size <= MOST_BYTES, `${out}: ${size} bytes, at most ${MOST_BYTES}`)
} catch (error) {
  await context.pages()[0]?.screenshot({ path: `${out}.failed.png` })
  throw error
} finally {
  await close()
}
