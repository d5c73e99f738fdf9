import { encodeFunctionData, type Address, type Hex } from 'viem'
import type { Closed, LegState, PriceState } from '../api/types'
import { basketAbi } from '../generated/abi'
import { BPS, feeOf, ofBps } from './amount'
import { displayName, shortAddress } from './text'

/** What a basket pays its coins' legs in, as its contracts name the coin. */
export const COIN = '0xEeeeeEeeeEeEeeEeEeEeeEEEeeeeEeeeeeeeEEeE'
/** The hour of a UTC day from which requests and cancels wait for the close. */
const DUSK = 23 * 3_600
const DAY = 86_400

/** Others act between the quote and the block: this much less than quoted is still taken, and this much more given. */
export const SLIPPAGE_BPS = 50

/** The least that is accepted of what was quoted. */
export const atLeast = (quoted: bigint, bps = SLIPPAGE_BPS): bigint => quoted - ofBps(quoted, bps)
/** The most that is given where so much was quoted. */
export const atMost = (quoted: bigint, bps = SLIPPAGE_BPS): bigint => quoted + feeOf(quoted, bps)

/** The bits of these legs: what `claim` takes. */
export function maskOf(legs: Iterable<number>): bigint {
  let mask = 0n
  for (const leg of legs) mask |= 1n << BigInt(leg)
  return mask
}

/** A coin's worth of `units` at a price for 10^18 units, rounded down. */
export const worthOf = (units: bigint, price: bigint): bigint => (units * price) / 10n ** 18n

/** What a coin or token with `decimals` is priced at, in wei of the coin for one whole, from the price of 10^18 units. */
export const priceOfOne = (price: bigint, decimals: number): bigint => (price * 10n ** BigInt(decimals)) / 10n ** 18n

/** When the epoch that is open at `now` takes no more requests, and when its close is due. */
export function dayOf(now: number): { duskAt: number; dawnAt: number } {
  const day = now - (now % DAY)
  return { duskAt: day + DUSK, dawnAt: day + DAY }
}

export type Weights = { ok: true; bps: number[]; sum: number } | { ok: false; problems: (string | null)[]; sum: number }

/** A share in percent as a person types it, in basis points: `12.5` is 1,250. `null` for what is none. */
export function parsePercent(text: string): number | null {
  const match = /^(\d{1,3})(?:[.,](\d{0,2}))?$/.exec(text.replace(/[\s\u00a0%]/g, ''))
  if (!match) return null
  const bps = Number(match[1]) * 100 + Number((match[2] ?? '').padEnd(2, '0'))
  return bps <= 10_000 ? bps : null
}

/** Basis points as they are typed: 1250 is `12.5`. */
export function percentInput(bps: number): string {
  const fraction = (bps % 100).toString().padStart(2, '0').replace(/0+$/, '')
  return `${Math.floor(bps / 100)}${fraction ? `.${fraction}` : ''}`
}

/** Target weights as typed, one for each sleeve; a retired one is 0. They are whole when they make 10,000 basis points. */
export function parseWeights(texts: readonly string[], retired: readonly boolean[]): Weights {
  const read = texts.map((text, i) => (retired[i] ? 0 : parsePercent(text)))
  const sum = read.reduce<number>((total, each) => total + (each ?? 0), 0)
  const problems = read.map((each) => (each === null ? 'A share of 0 to 100 %, with two decimals at most.' : null))
  if (problems.some((problem) => problem !== null) || BigInt(sum) !== BPS) return { ok: false, problems, sum }
  return { ok: true, bps: read.map((each) => each ?? 0), sum }
}

export type Call = { target: Address; value: bigint; data: Hex }

/** The call that a proposal of new weights makes. */
export const setWeights = (basket: Address, bps: readonly number[]): Call => ({
  target: basket,
  value: 0n,
  data: encodeFunctionData({ abi: basketAbi, functionName: 'setWeights', args: [bps] }),
})

/** What a leg of somebody's position is doing. `claimable` and `paid` are the position's own. */
export type LegNow = { state: LegState; claimable: bigint; paid: bigint }

export type LegWords = { words: string; tone: 'neutral' | 'good' | 'info' | 'accent' }

/** A leg in two words. */
export function legWords({ state, claimable, paid }: LegNow): LegWords {
  if (claimable > 0n) return { words: state === 'done' ? 'Ready to claim' : 'Partly back', tone: 'good' }
  switch (state) {
    case 'waiting':
      return { words: 'Waiting to start', tone: 'neutral' }
    case 'out':
      return { words: paid > 0n ? 'Partly paid' : 'On its way', tone: 'info' }
    case 'done':
      return { words: paid > 0n ? 'Paid out' : 'Nothing came', tone: 'neutral' }
  }
}

/** Why a way in or out is closed, to somebody who wanted to take it. */
export const CLOSED: Record<Closed, string> = {
  paused: 'The guardian has paused it.',
  price: 'A price that it needs is in doubt. What needs no price is open.',
  noCoins: 'The basket holds no coins that could pay.',
  idle: 'It is more than lies idle now. A smaller amount may go through.',
  tooSmall: 'The amount is too small to be worth anything.',
  cap: 'The basket would hold more of this asset than it may.',
  dailyLimit: 'As much of this asset came in today as may. The limit frees itself over a day.',
  band: 'The asset would be above its target and band. Take another asset, or mint in kind.',
  shareCap: 'The basket is as large as it may be.',
  notSeeded: 'The basket has not been opened yet.',
  sleeveShut: 'An asset that it needs takes nothing in: it is retired, or its system has become slow.',
}

/** What a state of prices means, in a word and a sentence. */
export const PRICES: Record<PriceState, { words: string; tone: 'good' | 'warn' | 'bad'; means: string }> = {
  sound: { words: 'Sound', tone: 'good', means: 'Every way in and out is open.' },
  doubtful: {
    words: 'In doubt',
    tone: 'warn',
    means:
      'A source is stale or missing, or sources disagree. Deposits of one asset and instant exits are closed; all that needs no price is open.',
  },
  impaired: {
    words: 'Impaired',
    tone: 'bad',
    means:
      'A price is far off, or a rate fell. Deposits of one asset and instant exits are closed until it has been inside its band for 24 hours; all that needs no price is open.',
  },
}

/** What is known of an asset besides its address. */
type Asset = { token: string; symbol: string | null; decimals: number | null }

export const isCoin = (token: string): boolean => token.toLowerCase() === COIN.toLowerCase()

/** How amounts of an asset are written. Symbols come from tokens, where anybody writes what they like. */
export function unitOf({ token, symbol, decimals }: Asset, coin: string): { unit: string; decimals: number } {
  if (isCoin(token)) return { unit: coin, decimals: 18 }
  const name = displayName(symbol, shortAddress(token))
  // Without decimals the smallest units are all that can be said.
  return decimals === null ? { unit: `smallest units of ${name}`, decimals: 0 } : { unit: name, decimals }
}

/** An epoch's leg is paid in coins or in its sleeve's token; before it starts in neither yet. */
export function legUnit(asset: string | null, sleeve: Asset | undefined, coin: string) {
  if (asset !== null && isCoin(asset)) return { unit: coin, decimals: 18 }
  return sleeve ? unitOf(sleeve, coin) : { unit: 'units', decimals: 0 }
}
