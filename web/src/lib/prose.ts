/** The little Markdown that the book is written in, as blocks. Text only: nothing of it becomes markup by itself. */
export type Span = { kind: 'text' | 'strong' | 'code'; text: string }
export type Block =
  | { kind: 'heading'; level: number; text: Span[] }
  | { kind: 'paragraph'; text: Span[] }
  | { kind: 'list'; items: Span[][] }
  | { kind: 'table'; head: Span[][]; rows: Span[][][] }

/** `**strong**`, `` `code` `` and `[text](link)`, of which the text stays: the book's pages are not the app's. */
export function spansOf(text: string): Span[] {
  const spans: Span[] = []
  const plain = text.replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
  for (const piece of plain.split(/(\*\*[^*]+\*\*|`[^`]+`|\*[^*]+\*)/)) {
    if (piece === '') continue
    if (piece.startsWith('**')) spans.push({ kind: 'strong', text: piece.slice(2, -2) })
    else if (piece.startsWith('`')) spans.push({ kind: 'code', text: piece.slice(1, -1) })
    else spans.push({ kind: 'text', text: /^\*[^*]+\*$/.test(piece) ? piece.slice(1, -1) : piece })
  }
  return spans
}

const cells = (line: string) =>
  line
    .replace(/^\||\|\s*$/g, '')
    .split('|')
    .map((cell) => spansOf(cell.trim()))

/** Blocks in the order of the text. Lines that belong together are joined as Markdown joins them. */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = []
  for (const chunk of markdown.replace(/\r/g, '').split(/\n{2,}|\n(?=#)|(?<=^#.*)\n/m)) {
    const lines = chunk.split('\n').filter((line) => line.trim() !== '')
    const [first] = lines
    if (first === undefined) continue
    const heading = /^(#+)\s+(.*)$/.exec(first)
    if (heading) {
      blocks.push({ kind: 'heading', level: (heading[1] ?? '#').length, text: spansOf(heading[2] ?? '') })
    } else if (first.startsWith('|')) {
      const [head, , ...rows] = lines.map(cells)
      blocks.push({ kind: 'table', head: head ?? [], rows })
    } else if (/^- /.test(first)) {
      const items: string[] = []
      for (const line of lines) {
        if (/^- /.test(line)) items.push(line.slice(2))
        else items.push(`${items.pop() ?? ''} ${line.trim()}`)
      }
      blocks.push({ kind: 'list', items: items.map(spansOf) })
    } else {
      blocks.push({ kind: 'paragraph', text: spansOf(lines.map((line) => line.trim()).join(' ')) })
    }
  }
  return blocks
}

export type Section = { title: string; blocks: Block[] }

/** The parts under headings of the second level, with what comes before the first of them. */
export function sectionsOf(blocks: readonly Block[]): { before: Block[]; sections: Section[] } {
  const before: Block[] = []
  const sections: Section[] = []
  for (const block of blocks) {
    if (block.kind === 'heading' && block.level === 1) continue
    if (block.kind === 'heading' && block.level === 2) {
      sections.push({ title: block.text.map((span) => span.text).join(''), blocks: [] })
    } else {
      ;(sections[sections.length - 1]?.blocks ?? before).push(block)
    }
  }
  return { before, sections }
}
