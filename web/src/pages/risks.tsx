import { useAppConfig } from '../chain/app-config'
import { Card, PageHead } from '../components/ui'
import { RISKS } from '../generated/risks'
import { blocksOf, sectionsOf, type Block, type Section, type Span } from '../lib/prose'

const { before, sections } = sectionsOf(blocksOf(RISKS))

/** What only the one or the other side of a deployment has to say. */
const LIQUID = ['The staking system', 'The chain', 'Power', 'The design', 'The code']
const BASKET = ['The basket']

function Text({ spans }: { spans: readonly Span[] }) {
  return (
    <>
      {spans.map((span, i) =>
        span.kind === 'strong' ? (
          <strong key={i} className="font-semibold text-ink">
            {span.text}
          </strong>
        ) : span.kind === 'code' ? (
          <code key={i} className="text-[0.9em] break-words">
            {span.text}
          </code>
        ) : (
          span.text
        ),
      )}
    </>
  )
}

function Shown({ block }: { block: Block }) {
  switch (block.kind) {
    case 'heading':
      return (
        <h3 className="pt-2 font-semibold text-ink">
          <Text spans={block.text} />
        </h3>
      )
    case 'paragraph':
      return (
        <p>
          <Text spans={block.text} />
        </p>
      )
    case 'list':
      return (
        <ul className="list-disc space-y-2 pl-5">
          {block.items.map((item, i) => (
            <li key={i}>
              <Text spans={item} />
            </li>
          ))}
        </ul>
      )
    case 'table':
      // On a phone a row of two is a definition: the first says what, the second what then.
      return (
        <dl className="divide-y divide-line">
          {block.rows.map((row, i) => (
            <div key={i} className="grid grid-cols-1 gap-x-6 gap-y-1 py-2.5 sm:grid-cols-2">
              <dt className="font-medium text-ink">
                <Text spans={row[0] ?? []} />
              </dt>
              <dd>
                <Text spans={row[1] ?? []} />
              </dd>
            </div>
          ))}
        </dl>
      )
  }
}

function Part({ section }: { section: Section }) {
  return (
    <Card title={section.title}>
      <div className="space-y-3 text-sm text-ink-soft">
        {section.blocks.map((block, i) => (
          <Shown key={i} block={block} />
        ))}
      </div>
    </Card>
  )
}

/** The book's page of known risks, as far as it is about this deployment. */
export function RisksPage() {
  const { liquid, basket } = useAppConfig()
  const shown = sections.filter(
    ({ title }) => !(LIQUID.includes(title) && !liquid) && !(BASKET.includes(title) && !basket),
  )
  return (
    <>
      <PageHead title="Known risks">
        {before.map((block, i) => (block.kind === 'paragraph' ? <Text key={i} spans={block.text} /> : null))}
      </PageHead>
      <div className="max-w-3xl space-y-5">
        {shown.map((section) => (
          <Part key={section.title} section={section} />
        ))}
      </div>
    </>
  )
}
