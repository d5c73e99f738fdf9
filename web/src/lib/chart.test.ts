import { describe, expect, it } from 'vitest'
import { across, down, layersOf, linesOf, rangeOf } from './chart'

describe('places in a picture', () => {
  it('are between the ends, whatever the value', () => {
    expect([across(0, 0, 10), across(5, 0, 10), across(99, 0, 10), across(-1, 0, 10), across(5, 5, 5)]).toEqual([
      0, 5_000, 10_000, 0, 0,
    ])
    expect([down(0n, 0n, 4n), down(1n, 0n, 4n), down(4n, 0n, 4n), down(9n, 0n, 4n), down(7n, 7n, 7n)]).toEqual([
      10_000, 7_500, 0, 0, 5_000,
    ])
  })

  it('keep their order where numbers are too large for a float', () => {
    const base = 10n ** 30n
    expect(down(base + 1n, base, base + 2n)).toBe(5_000)
  })
})

describe('a line', () => {
  it('is broken where nothing was measured', () => {
    const samples = [
      { at: 0, value: 0n },
      { at: 5, value: 10n },
      { at: 6, value: null },
      { at: 10, value: 5n },
    ]
    expect(linesOf(samples, 0, 10, 0n, 10n)).toEqual(['0,10000 5000,0', '10000,5000'])
  })

  it('has some air around it', () => {
    expect(rangeOf([100n, null, 200n])).toEqual({ low: 90n, high: 210n })
    expect(rangeOf([3n])).toEqual({ low: 3n, high: 3n })
    expect(rangeOf([null])).toBeNull()
  })
})

describe('layers', () => {
  it('lie on each other, and leave out a time at which one is not known', () => {
    const layers = layersOf(
      [0, 5, 10],
      [
        [6_000, 4_000],
        [null, 4_000],
        [5_000, 5_000],
      ],
      2,
    )
    expect(layers).toEqual(['0,4000 10000,5000 10000,10000 0,10000', '0,0 10000,0 10000,5000 0,4000'])
  })
})
