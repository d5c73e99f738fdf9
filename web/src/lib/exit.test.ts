import { describe, expect, it } from 'vitest'
import type { ExitQuote } from '../api/types'
import { RAY, WEI } from './amount'
import { costOf, FULL, planExit, queuePay } from './exit'

/**
 * The contract's rule (specification, section 5): as much now as pool and liquidity allow, the rest to the queue. The pool
 * is first here for a half of what it takes, then the buffer, then the pool again.
 */
function contractQuote(amount: bigint, liquidity: bigint, rate: bigint, poolMost: bigint): ExitQuote {
  const limit = (liquidity * RAY) / rate
  const least = (a: bigint, b: bigint) => (a < b ? a : b)
  const first = least(amount, poolMost / 2n)
  const now = least(amount - first, limit)
  const pool = first + least(amount - first - now, poolMost - first)
  return {
    block: 1,
    instantNow: { lst: now.toString(), pay: '0', feeBps: 0 },
    amm: { enabled: poolMost > 0n, lst: pool.toString(), pay: '0' },
    queue: { lst: (amount - now - pool).toString(), value: '0', feeBps: 5, eta: null, etaIfMissed: null },
  }
}

const paidNow = (quote: ExitQuote) => BigInt(quote.instantNow.lst) + BigInt(quote.amm.lst)

const RATES = [RAY, (RAY * 97n) / 100n, (RAY * 2n) / 3n]
const AMOUNTS = [1n, 7n, WEI, 640n * WEI + 13n, 10_000n * WEI]
const LIQUIDITY = [0n, 1n, 540n * WEI, 10_000n * WEI, 10n ** 9n * WEI]
const POOLS = [0n, 1n, 20n * WEI, 5_000n * WEI]
const SHARES = [0, 1, 50, 3_333, 9_999, FULL]

describe('the split of an exit', () => {
  it('adds up to the wei, and its quotes describe exactly its parts', () => {
    for (const rate of RATES)
      for (const amount of AMOUNTS)
        for (const liquidity of LIQUIDITY)
          for (const pool of POOLS)
            for (const share of SHARES) {
              const whole = contractQuote(amount, liquidity, rate, pool)
              const plan = planExit(amount, share, whole, liquidity, rate, pool)
              expect(plan.nowLst + plan.queueLst).toBe(amount)
              expect(plan.nowLst <= plan.most).toBe(true)
              if (plan.askNow !== null) {
                expect(paidNow(contractQuote(plan.askNow, liquidity, rate, pool))).toBe(plan.nowLst)
              } else expect(plan.nowLst).toBe(0n)
              if (plan.askQueue !== null) {
                expect(contractQuote(plan.askQueue, liquidity, rate, pool).queue.lst).toBe(plan.queueLst.toString())
              } else expect(plan.queueLst).toBe(0n)
            }
  })

  it('takes all that can be had at the end of the slider, and nothing at its start', () => {
    const whole = contractQuote(640n * WEI, 540n * WEI, RAY, 0n)
    expect(planExit(640n * WEI, FULL, whole, 540n * WEI, RAY, 0n)).toMatchObject({
      nowLst: 540n * WEI,
      queueLst: 100n * WEI,
    })
    expect(planExit(640n * WEI, 0, whole, 540n * WEI, RAY, 0n)).toMatchObject({ nowLst: 0n, askNow: null })
    const pooled = contractQuote(640n * WEI, 540n * WEI, RAY, 60n * WEI)
    expect(planExit(640n * WEI, FULL, pooled, 540n * WEI, RAY, 60n * WEI)).toMatchObject({
      nowLst: 600n * WEI,
      queueLst: 40n * WEI,
    })
  })

  it('tells the cost of a path as what is missing from its worth', () => {
    expect(costOf(480n * WEI, RAY, (477_456n * WEI) / 1_000n)).toBe((2_544n * WEI) / 1_000n)
    expect(costOf(10_001n, RAY, queuePay(10_001n, RAY, 5))).toBe(6n)
    expect(costOf(3n, (RAY * 2n) / 3n, 1n)).toBe(0n)
    expect(costOf(1n, RAY, 2n)).toBe(0n)
    expect(costOf(0n, RAY, 0n)).toBe(0n)
  })

  it('rounds what the queue pays against the one who leaves', () => {
    expect(queuePay(10_001n, RAY, 5)).toBe(10_001n - 6n)
    expect(queuePay(0n, RAY, 5)).toBe(0n)
  })
})
