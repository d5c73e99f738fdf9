import { describe, expect, it } from 'vitest'
import { gasLimit } from './gas'

describe('the gas that a wallet is asked to allow', () => {
  it('has room for two more slots on the cheapest call, and never less than it needs', () => {
    expect(gasLimit(61_903n) - 61_903n).toBeGreaterThan(2n * 22_100n)
    for (let needed = 21_000n; needed < 2_000_000n; needed += 7_919n) {
      expect(gasLimit(needed)).toBeGreaterThan(needed)
      expect(gasLimit(needed)).toBeLessThan(needed * 3n)
    }
  })
})
