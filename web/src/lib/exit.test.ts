import { describe, expect, it } from 'vitest'
import type { ExitQuote } from '../api/types'
import { RAY, WEI } from './amount'
import { costOf, FULL, planExit, queuePay } from './exit'

/** The contract's rule (specification, section 5): as much now as the liquidity allows, the rest to the queue. */
function contractQuote(amount: bigint, liquidity: bigint, rate: bigint): ExitQuote {
  const limit = (liquidity * RAY) / rate
  const now = amount < limit ? amount : limit
  return {
    block: 1,
    instantNow: { lst: now.toString(), pay: '0', feeBps: 0 },
    amm: { enabled: false },
    queue: { lst: (amount - now).toString(), value: '0', feeBps: 5, eta: null, etaIfMissed: null },
  }
}

const RATES = [RAY, (RAY * 97n) / 100n, (RAY * 2n) / 3n]
const AMOUNTS = [1n, 7n, WEI, 640n * WEI + 13n, 10_000n * WEI]
const LIQUIDITY = [0n, 1n, 540n * WEI, 10_000n * WEI, 10n ** 9n * WEI]
const SHARES = [0, 1, 50, 3_333, 9_999, FULL]

describe('the split of an exit', () => {
  it('adds up to the wei, and its quotes describe exactly its parts', () => {
    for (const rate of RATES)
      for (const amount of AMOUNTS)
        for (const liquidity of LIQUIDITY)
          for (const share of SHARES) {
            const plan = planExit(amount, share, contractQuote(amount, liquidity, rate), liquidity, rate)
            expect(plan.nowLst + plan.queueLst).toBe(amount)
            expect(plan.nowLst <= plan.most).toBe(true)
            if (plan.askNow !== null) {
              expect(contractQuote(plan.askNow, liquidity, rate).instantNow.lst).toBe(plan.nowLst.toString())
            } else expect(plan.nowLst).toBe(0n)
            if (plan.askQueue !== null) {
              expect(contractQuote(plan.askQueue, liquidity, rate).queue.lst).toBe(plan.queueLst.toString())
            } else expect(plan.queueLst).toBe(0n)
          }
  })

  it('takes all that can be had at the end of the slider, and nothing at its start', () => {
    const whole = contractQuote(640n * WEI, 540n * WEI, RAY)
    expect(planExit(640n * WEI, FULL, whole, 540n * WEI, RAY)).toMatchObject({
      nowLst: 540n * WEI,
      queueLst: 100n * WEI,
    })
    expect(planExit(640n * WEI, 0, whole, 540n * WEI, RAY)).toMatchObject({ nowLst: 0n, askNow: null })
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
