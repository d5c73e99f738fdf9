import { describe, expect, it } from 'vitest'
import { RISKS } from '../generated/risks'
import { blocksOf, sectionsOf, spansOf } from './prose'

describe('the book’s text', () => {
  it('is read as blocks', () => {
    expect(
      blocksOf('# T\n\nOne\ntwo.\n\n## S\n\n- **a** b\n  c\n- `d`\n\n| x | y |\n|---|---|\n| 1 | [2](q.md) |\n'),
    ).toEqual([
      { kind: 'heading', level: 1, text: [{ kind: 'text', text: 'T' }] },
      { kind: 'paragraph', text: [{ kind: 'text', text: 'One two.' }] },
      { kind: 'heading', level: 2, text: [{ kind: 'text', text: 'S' }] },
      {
        kind: 'list',
        items: [
          [
            { kind: 'strong', text: 'a' },
            { kind: 'text', text: ' b c' },
          ],
          [{ kind: 'code', text: 'd' }],
        ],
      },
      {
        kind: 'table',
        head: [[{ kind: 'text', text: 'x' }], [{ kind: 'text', text: 'y' }]],
        rows: [[[{ kind: 'text', text: '1' }], [{ kind: 'text', text: '2' }]]],
      },
    ])
  })

  it('keeps the text of a link and no more', () => {
    expect(spansOf('see [the basket](basket.md).')).toEqual([{ kind: 'text', text: 'see the basket.' }])
  })

  it('of the risks has the sections that the page shows, and every line of it', () => {
    const { sections } = sectionsOf(blocksOf(RISKS))
    const titles = sections.map((section) => section.title)
    for (const title of [
      'What was not done',
      'The staking system',
      'The chain',
      'Power',
      'The design',
      'The basket',
      'The code',
    ])
      expect(titles).toContain(title)
    const shown = JSON.stringify(blocksOf(RISKS).map((block) => Object.values(block))).replace(
      /"kind":"\w+"|"text":/g,
      '',
    )
    for (const line of RISKS.split('\n').filter((each) => each.startsWith('- **'))) {
      const lead = /^- \*\*([^*]+)\*\*/.exec(line)?.[1] ?? ''
      expect(shown).toContain(lead)
    }
  })
})
