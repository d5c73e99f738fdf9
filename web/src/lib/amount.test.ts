import { describe, expect, it } from 'vitest'
import {
  feeOf,
  formatAmount,
  formatBps,
  formatCount,
  formatExact,
  formatSignedBps,
  formatRate,
  lstToCoin,
  ofBps,
  parseAmount,
  RAY,
  shareBps,
  toInput,
  wei,
  WEI,
} from './amount'

/** A small deterministic generator (mulberry32), so that a failing case can be run again. */
function generator(seed: number): () => number {
  let a = seed
  return () => {
    a = (a + 0x6d2b79f5) | 0
    let t = Math.imul(a ^ (a >>> 15), 1 | a)
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t
    return (t ^ (t >>> 14)) >>> 0
  }
}

/** Amounts of every size up to 2^127: random bits, then a random length. */
function* amounts(seed: number, count: number): Generator<bigint> {
  const next = generator(seed)
  for (let i = 0; i < count; i++) {
    let bits = 0n
    for (let word = 0; word < 4; word++) bits = (bits << 32n) | BigInt(next())
    yield bits >> BigInt(1 + (next() % 127))
  }
}

describe('parseAmount', () => {
  it.each([
    ['1', WEI],
    ['0', 0n],
    ['1.5', 1_500_000_000_000_000_000n],
    ['.5', 500_000_000_000_000_000n],
    ['5.', 5n * WEI],
    ['1,5', 1_500_000_000_000_000_000n],
    ['0,125', 125_000_000_000_000_000n],
    ['1,000.25', 1_000_250_000_000_000_000_000n],
    ['1,234,567', 1_234_567n * WEI],
    [' 1 000.25 ', 1_000_250_000_000_000_000_000n],
    ["1'000", 1_000n * WEI],
    ['0.000000000000000001', 1n],
    ['0.0000000000000000010', 1n],
    ['9007199254740993.000000000000000001', 9_007_199_254_740_993_000_000_000_000_000_001n],
    ['007', 7n * WEI],
  ])('reads %j', (text, value) => {
    expect(parseAmount(text)).toEqual({ ok: true, value })
  })

  it.each([
    ['', 'empty'],
    ['   ', 'empty'],
    ['.', 'format'],
    ['-1', 'format'],
    ['+1', 'format'],
    ['1e18', 'format'],
    ['0x10', 'format'],
    ['1.2.3', 'format'],
    ['1,00,000', 'format'],
    ['1.000,25', 'format'],
    ['1,234', 'ambiguous'],
    ['12,000', 'ambiguous'],
    ['Infinity', 'format'],
    ['NaN', 'format'],
    ['١', 'format'],
    ['0.0000000000000000001', 'precision'],
    ['340282366920938463464', 'size'],
  ])('refuses %j as %s', (text, reason) => {
    expect(parseAmount(text)).toEqual({ ok: false, reason })
  })

  it('gives back what toInput and formatExact wrote, for 4,000 amounts of every size', () => {
    for (const amount of amounts(7, 4_000)) {
      expect(parseAmount(toInput(amount))).toEqual({ ok: true, value: amount })
      const exact = formatExact(amount)
      const ambiguous = /^\d{1,3},\d{3}$/.test(exact)
      expect(parseAmount(exact)).toEqual(ambiguous ? { ok: false, reason: 'ambiguous' } : { ok: true, value: amount })
    }
  })
})

describe('formatAmount', () => {
  it.each([
    [0n, '0'],
    [1n, '<0.000001'],
    [10n ** 12n, '0.000001'],
    [WEI, '1'],
    [1_234_567_890_123_456_789n, '1.2345'],
    [999_999_999_999_999_999n, '0.999999'],
    [123n * WEI + 999_999_999_999_999_999n, '123.999'],
    [12_345n * WEI + 678_900_000_000_000_000n, '12,345.67'],
    [1_000_000n * WEI, '1,000,000'],
    [-(WEI / 2n), '−0.5'],
  ])('writes %s as %s', (value, text) => {
    expect(formatAmount(value)).toBe(text)
  })

  it('writes fractions to the digits asked for, and marks what is below them', () => {
    expect(formatAmount(WEI / 2n, 0)).toBe('<1')
    expect(formatAmount(WEI + WEI / 2n, 0)).toBe('1')
    expect(formatAmount(WEI / 1000n, 2)).toBe('<0.01')
  })

  it('never shows more than there is, and never shows something as nothing', () => {
    for (const amount of amounts(11, 4_000)) {
      const text = formatAmount(amount)
      if (text.startsWith('<')) {
        expect(amount).toBeGreaterThan(0n)
        continue
      }
      const read = parseAmount(text.replaceAll(',', ''))
      expect(read.ok).toBe(true)
      if (read.ok) {
        expect(read.value <= amount).toBe(true)
        if (amount > 0n) expect(read.value).toBeGreaterThan(0n)
      }
    }
  })
})

describe('rates, fees and shares', () => {
  it('writes a rate with the digits that show a loss', () => {
    expect(formatRate(RAY)).toBe('1.0000')
    expect(formatRate(RAY - 1n)).toBe('0.999999')
    expect(formatRate((RAY * 97n) / 100n)).toBe('0.9700')
  })

  it('writes basis points exactly', () => {
    expect([0, 5, 30, 100, 1000, 10_000, 12_345].map(formatBps)).toEqual([
      '0\u00a0%',
      '0.05\u00a0%',
      '0.3\u00a0%',
      '1\u00a0%',
      '10\u00a0%',
      '100\u00a0%',
      '123.45\u00a0%',
    ])
  })

  it('groups counts as it groups amounts', () => {
    expect([0, 999, 1_000, 1_204_511].map(formatCount)).toEqual(['0', '999', '1,000', '1,204,511'])
    expect(formatCount(10n ** 18n)).toBe('1,000,000,000,000,000,000')
  })

  it('rounds the fee against the caller and the value down', () => {
    expect(feeOf(1n, 5)).toBe(1n)
    expect(feeOf(10_000n, 5)).toBe(5n)
    expect(feeOf(10_001n, 5)).toBe(6n)
    expect(lstToCoin(3n, (RAY * 2n) / 3n)).toBe(1n)
    expect(ofBps(9_999n, 1)).toBe(0n)
    for (const amount of amounts(13, 1_000)) {
      const fee = feeOf(amount, 37)
      expect(fee * 10_000n >= amount * 37n).toBe(true)
      expect((fee - 1n) * 10_000n < amount * 37n).toBe(true)
    }
  })

  it('keeps shares between nothing and all', () => {
    expect(shareBps(1n, 0n)).toBe(0)
    expect(shareBps(0n, 5n)).toBe(0)
    expect(shareBps(1n, 3n)).toBe(3333)
    expect(shareBps(7n, 5n)).toBe(10_000)
  })

  it('refuses an amount from the service that is not decimal wei', () => {
    expect(wei('0')).toBe(0n)
    for (const bad of ['', '-1', '1.0', '1e18', '0x1', ' 1', 'null']) expect(() => wei(bad)).toThrow()
  })
})

describe('a token of other decimals', () => {
  it('is read and written in its own units', () => {
    expect(parseAmount('0.12345678', 8)).toEqual({ ok: true, value: 12_345_678n })
    expect(parseAmount('21', 8)).toEqual({ ok: true, value: 2_100_000_000n })
    expect(parseAmount('0.123456789', 8)).toEqual({ ok: false, reason: 'precision' })
    expect(parseAmount('7', 0)).toEqual({ ok: true, value: 7n })
    expect(toInput(12_345_678n, 8)).toBe('0.12345678')
    expect(toInput(7n, 0)).toBe('7')
  })

  it('is shown to its last digit under one, and never as zero', () => {
    expect(formatAmount(1n, undefined, 8)).toBe('0.00000001')
    expect(formatAmount(123_456_789n, undefined, 8)).toBe('1.2345')
    expect(formatAmount(1n, 4, 8)).toBe('<0.0001')
    expect(formatExact(123_456_789n, 8)).toBe('1.23456789')
    expect(formatAmount(1_500_000n, undefined, 6)).toBe('1.5')
  })
})

describe('a growth', () => {
  it('has its sign', () => {
    expect([formatSignedBps(525), formatSignedBps(-10), formatSignedBps(0)]).toEqual([
      '+5.25\u00a0%',
      '−0.1\u00a0%',
      '+0\u00a0%',
    ])
  })
})
