/**
 * What the scripts that run against a real service share: the chain beside it, transactions with what they cost, amounts
 * as the page shows them, and a clock that waits for keepers and index.
 *
 *   BASE_URL     where the service serves the app            RPC_URL      the chain's endpoint (anvil)
 *   TIMEOUT_S    for each thing waited for, default 120
 */
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import {
  createPublicClient,
  createTestClient,
  getAddress,
  http,
  parseAbi,
  zeroAddress,
  type Address,
  type BlockTag,
  type Hash,
  type TransactionReceipt,
} from 'viem'
import type { Config, ExitRequest, Overview, Page as ApiPage, Status, Validator } from '../src/api/types.ts'
import { parseAmount } from '../src/lib/amount.ts'
import { equal, until } from './browser.ts'
import { OUT } from './scan.ts'

export const HOUR = 3_600
/** Moments of waiting in which nothing changed: the keepers are not running, and no clock will help. */
const MOST_STALLS = 12

export function setting(name: string, fallback?: string): string {
  const value = process.env[name] ?? fallback
  if (!value) throw new Error(`${name} is not set; see the top of the script`)
  return value
}

export const base = setting('BASE_URL').replace(/\/$/, '')
export const rpcUrl = setting('RPC_URL')
export const TIMEOUT = Number(setting('TIMEOUT_S', '120')) * 1_000

const balanceAbi = parseAbi(['function balanceOf(address) view returns (uint256)'])

export async function api<T>(path: string): Promise<T> {
  const response = await fetch(`${base}/api/v1${path}`)
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as T
}

export const config = await api<Config>('/config')
/** Of the liquid side; nobody's where the deployment has none. */
export const minter = getAddress(config.contracts.minter ?? zeroAddress)
export const token = getAddress(config.contracts.token ?? zeroAddress)
const chain = {
  id: config.chainId,
  name: config.chainName,
  nativeCurrency: { name: config.nativeSymbol, symbol: config.nativeSymbol, decimals: 18 },
  rpcUrls: { default: { http: [rpcUrl] } },
} as const
export const reader = createPublicClient({ chain, transport: http(rpcUrl), pollingInterval: 100 })
export const clock = createTestClient({ chain, mode: 'anvil', transport: http(rpcUrl) })

const at = (block?: bigint): { blockNumber: bigint } | { blockTag: BlockTag } =>
  block === undefined ? { blockTag: 'latest' } : { blockNumber: block }
/** Smallest units of any token, now or at a block. */
export const tokensOf = (its: Address, who: Address, block?: bigint) =>
  reader.readContract({ address: its, abi: balanceAbi, functionName: 'balanceOf', args: [who], ...at(block) })
export const lstOf = async (who: Address, block?: bigint) => (token === zeroAddress ? 0n : tokensOf(token, who, block))
export const coinsOf = (who: Address) => reader.getBalance({ address: who })
const gasOf = (receipt: TransactionReceipt) => receipt.gasUsed * receipt.effectiveGasPrice

/** The wallet's newest transaction after `nonce`, mined. */
async function mined(who: Address, nonce: number): Promise<TransactionReceipt> {
  const found = await until(
    'the transaction is mined',
    async () => {
      if ((await reader.getTransactionCount({ address: who })) <= nonce) return null
      for (let number = await reader.getBlockNumber(); number > 0n; number--) {
        const block = await reader.getBlock({ blockNumber: number, includeTransactions: true })
        const mine = block.transactions.find((tx) => getAddress(tx.from) === who && tx.nonce === nonce)
        if (mine) return mine.hash
      }
      return null
    },
    TIMEOUT,
  )
  const receipt = await reader.getTransactionReceipt({ hash: found as Hash })
  equal(receipt.status, 'success', 'the transaction succeeded')
  return receipt
}

/** Runs something that sends one transaction, and gives what it cost and did. */
export async function sends(who: Address, act: () => Promise<unknown>) {
  const nonce = await reader.getTransactionCount({ address: who })
  const [coins, lst] = await Promise.all([coinsOf(who), lstOf(who)])
  await act()
  const receipt = await mined(who, nonce)
  // At the transaction's own block: a keeper's next one must not blur the sums.
  const at = { blockNumber: receipt.blockNumber }
  const [coinsAfter, lstAfter] = await Promise.all([
    reader.getBalance({ address: who, ...at }),
    lstOf(who, receipt.blockNumber),
  ])
  return { receipt, coins: coinsAfter - coins + gasOf(receipt), lst: lstAfter - lst }
}

/** The exact amount behind a shown one: the tooltip carries every digit. */
export async function shown(page: Page, testId: string): Promise<bigint[]> {
  const titles = await page
    .getByTestId(testId)
    .locator('[title]')
    .evaluateAll((all) => all.map((each) => each.getAttribute('title') ?? ''))
  return titles.flatMap((title) => {
    const parsed = parseAmount((title.split(' ')[0] ?? '').replaceAll(',', ''))
    return parsed.ok ? [parsed.value] : []
  })
}

export const shot = (page: Page, name: string) => page.screenshot({ path: join(OUT, `${name}.png`), fullPage: true })

export async function done(page: Page, testId: string) {
  await page.getByTestId(testId).getByText('Done', { exact: true }).waitFor({ timeout: TIMEOUT })
}

const requestsOf = (who: Address) => api<ApiPage<ExitRequest>>(`/accounts/${who}/requests`)
const requestOf = async (who: Address, id: bigint) =>
  (await requestsOf(who)).items.find((request) => request.id === id.toString())

/** Moves the chain's clock to `to` and waits until the index has seen that block. */
export async function moveTo(to: number): Promise<void> {
  const head = await reader.getBlock()
  const by = to - Number(head.timestamp)
  if (by > 0) await clock.increaseTime({ seconds: by })
  await clock.mine({ blocks: 1 })
  const block = await reader.getBlockNumber()
  await until(
    'the index follows the clock',
    async () => {
      const status = await api<Status>('/status')
      return status.indexed !== null && BigInt(status.indexed.number) >= block
    },
    TIMEOUT,
  )
}

/**
 * Lets time pass until the request is funded: from one thing that can happen to the next, and at each of them until the
 * keepers did it. What they are expected to do is read from the service; that they did it shows in its answers.
 */
export async function untilFunded(who: Address, id: bigint): Promise<ExitRequest> {
  let stalls = 0
  for (;;) {
    const [request, validators, overview, head] = await Promise.all([
      requestOf(who, id),
      api<Validator[]>('/validators'),
      api<Overview>('/monitoring/overview'),
      reader.getBlock(),
    ])
    if (!request) throw new Error(`the service does not list request ${id}`)
    if (request.state === 'ready') return request
    const now = Number(head.timestamp)
    const cooling = validators.flatMap((validator) => validator.buckets).filter((bucket) => BigInt(bucket.cooling) > 0n)
    const matured = cooling.filter((bucket) => bucket.nextAvailableTime <= now)
    const covered = cooling.reduce((sum, bucket) => sum + BigInt(bucket.cooling), BigInt(overview.committed))
    const needsDeparture =
      request.state !== 'open' && BigInt(overview.openLst) > 0n && covered < BigInt(overview.totalQueued)
    const departures = validators.flatMap((validator) =>
      validator.nextDepartureAt === null ? [] : [validator.nextDepartureAt],
    )
    const due =
      (request.state === 'open' && overview.nextCloseAt !== null && overview.nextCloseAt <= now) ||
      matured.length > 0 ||
      BigInt(overview.due) > 0n ||
      (BigInt(overview.committed) > 0n && BigInt(overview.openLst) > 0n) ||
      (needsDeparture && departures.some((at) => at <= now))
    const fingerprint = JSON.stringify([
      request.state,
      request.claimable,
      overview.committed,
      overview.openLst,
      cooling,
    ])
    if (due || stalls > 0) {
      try {
        await until(
          'the keepers do what is due',
          async () => {
            const [again, ladders, figures] = await Promise.all([
              requestOf(who, id),
              api<Validator[]>('/validators'),
              api<Overview>('/monitoring/overview'),
            ])
            const cools = ladders.flatMap((each) => each.buckets).filter((bucket) => BigInt(bucket.cooling) > 0n)
            return (
              JSON.stringify([again?.state, again?.claimable, figures.committed, figures.openLst, cools]) !==
              fingerprint
            )
          },
          Math.min(TIMEOUT, 20_000),
        )
        stalls = 0
        continue
      } catch (error) {
        if (++stalls > MOST_STALLS) throw error
      }
    }
    const ahead = [
      ...(request.state === 'open' && overview.nextCloseAt !== null ? [overview.nextCloseAt] : []),
      ...(needsDeparture ? departures : []),
      ...cooling.map((bucket) => bucket.nextAvailableTime),
    ].filter((at) => at > now)
    const next = ahead.length > 0 ? Math.min(...ahead) : now + HOUR
    console.log(
      `    clock +${next - now + 1} s (request ${request.state}, ${cooling.length} buckets cooling, ${matured.length} matured)`,
    )
    await moveTo(next + 1)
  }
}
