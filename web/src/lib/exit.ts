import type { ExitQuote } from '../api/types'
import { feeOf, lstToCoin, RAY, wei } from './amount'

/** The slider's whole range. Hundredths of a percent: at the end it is exactly everything. */
export const FULL = 10_000

export type Plan = {
  /** The most of this amount that could be paid now. */
  most: bigint
  nowLst: bigint
  queueLst: bigint
  /** Whose quote tells what the part now pays; `null` when nothing is paid now. */
  askNow: bigint | null
  /** Whose quote leaves exactly `queueLst` to the queue, and so tells its time; `null` when nothing is queued. */
  askQueue: bigint | null
}

/**
 * How an exit is split, and which quotes describe the parts. The contract's quote always takes as much now as it can, from
 * buffer and pool, so a smaller part now is quoted by itself, and the rest by an amount that exceeds what can be paid now
 * by just that rest.
 *
 * `whole` is the quote of `amount`; `liquidity` is the coin value that instant exits could take now, `rate` today's, and
 * `poolMost` the tokens that a pool would take of the largest exit.
 */
export function planExit(
  amount: bigint,
  share: number,
  whole: ExitQuote,
  liquidity: bigint,
  rate: bigint,
  poolMost: bigint,
): Plan {
  const most = wei(whole.instantNow.lst) + wei(whole.amm.lst)
  const nowLst = share >= FULL ? most : (most * BigInt(Math.max(0, share))) / BigInt(FULL)
  const queueLst = amount - nowLst
  const limit = most < amount ? most : rate > 0n ? (liquidity * RAY) / rate + poolMost : most
  return {
    most,
    nowLst,
    queueLst,
    askNow: nowLst === 0n ? null : nowLst === most ? amount : nowLst,
    askQueue: queueLst === 0n ? null : nowLst === most ? amount : queueLst + (limit > most ? limit : most),
  }
}

/** What leaving with `lst` costs, in coins: today's worth less what is paid. Nothing, where a quote is of a better block. */
export function costOf(lst: bigint, rate: bigint, pay: bigint): bigint {
  const worth = lstToCoin(lst, rate)
  return worth > pay ? worth - pay : 0n
}

/** What the queued part pays, after the fee, by today's rate: rounded against the one who leaves, as the contract does. */
export function queuePay(lst: bigint, rate: bigint, feeBps: number): bigint {
  const value = lstToCoin(lst, rate)
  return value - feeOf(value, feeBps)
}
