import { describe, expect, it } from 'vitest'
import { csvCell, displayName, explorerLink, humanize, sentence, shortAddress, tabTitle } from './text'

describe('o16_hostile_names', () => {
  it.each([
    ['Plain name', 'Plain name'],
    ['', 'Validator 7'],
    ['   \u200b\u200d ', 'Validator 7'],
    ['\u202eevil', 'evil'],
    ['two\nlines\tand\u0000nul', 'two lines and nul'],
    ['zero\u200bwidth', 'zero width'],
    ['\u2066isolate\u2069', 'isolate'],
    ['tag\u{e0041}s', 'tag s'],
    ['half \ud800 pair', 'half pair'],
    ['Žižkov Ünïcode 東京', 'Žižkov Ünïcode 東京'],
    ['<img src=x onerror=alert(1)>', '<img src=x onerror=alert(1)>'],
  ])('o16_shows %j as %j', (name, shown) => {
    expect(displayName(name, 'Validator 7')).toBe(shown)
  })

  it('o16_bounds the length by characters, and stacks of marks', () => {
    expect([...displayName('a'.repeat(10_000), 'x')]).toHaveLength(48)
    expect([...displayName('😀'.repeat(100), 'x')]).toHaveLength(48)
    expect([...displayName(`q${'\u0323'.repeat(500)}r`, 'x')].length).toBeLessThan(6)
    expect(displayName(null, 'x')).toBe('x')
  })

  it('o16_links only to http(s), with the value encoded', () => {
    expect(explorerLink(null, 'tx', '0x1')).toBeNull()
    expect(explorerLink('javascript:alert(1)//', 'tx', '0x1')).toBeNull()
    expect(explorerLink('https://e.example/', 'tx', '0x1')).toBe('https://e.example/tx/0x1')
    expect(explorerLink('https://e.example', 'address', '../"<x>')).toBe('https://e.example/address/..%2F%22%3Cx%3E')
  })

  it('o16_writes CSV cells that no spreadsheet runs', () => {
    expect(csvCell('=HYPERLINK("x")')).toBe('"\'=HYPERLINK(""x"")"')
    expect(csvCell('-1')).toBe("'-1")
    expect(csvCell('a,b')).toBe('"a,b"')
    expect(csvCell(null)).toBe('')
    expect(csvCell(12)).toBe('12')
  })
})

describe('the tab', () => {
  it('names the page, and owns up when there is none', () => {
    expect(tabTitle('/')).toBe('Stake · Omnibus')
    expect(tabTitle('/leave')).toBe('Leave without us · Omnibus')
    expect(tabTitle('/exit/')).toBe('Exit · Omnibus')
    expect(tabTitle('/no-such-page')).toBe('No such page · Omnibus')
  })
})

describe('sentences of the service', () => {
  it.each([
    ['611531441211168445011 wei for the head of the line', '611.531 PLUME for the head of the line'],
    [
      'totalQueued is 809978983547269499084, was 0 up to 86400 s ago, limit: a rise of 50.00 %',
      'Total queued is 809.978 PLUME, was 0 up to 1 day ago, limit: a rise of 50.00 %',
    ],
    ['validator 1001: a claim each 86400 s', 'validator 1001: a claim each 1 day'],
    ['gas costs 2000000000 wei now', 'gas costs 2000000000 wei now'],
    ['rate is 1000000000000000000000000000, limit: below 5', 'rate is 1000000000000000000000000000, limit: below 5'],
    [
      'in transaction 0x5446b1e7862567033001361f8ef3f0bdf84a3638',
      'in transaction 0x5446b1e7862567033001361f8ef3f0bdf84a3638',
    ],
    ['waits 59 s', 'waits 59 s'],
  ])('reads %j as %j', (text, shown) => {
    expect(sentence(text, 'PLUME')).toBe(shown)
  })

  it('o16_cleans what a sentence quotes, and bounds it', () => {
    expect(sentence('slash \u202e<img src=x>\u200b now', 'PLUME')).toBe('slash <img src=x> now')
    expect(sentence('word '.repeat(500), 'PLUME')).toHaveLength(400)
  })
})

describe('wording of identifiers', () => {
  it('reads as words', () => {
    expect(humanize('stakeBus')).toBe('Stake bus')
    expect(humanize('exit-bus')).toBe('Exit bus')
    expect(humanize('RungAlreadyClosed')).toBe('Rung already closed')
    expect(shortAddress('0x1234567890abcdef1234567890abcdef12345678')).toBe('0x1234…5678')
  })
})
