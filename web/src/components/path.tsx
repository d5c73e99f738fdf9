import type { ReactNode } from 'react'
import { Coin, Fact, Facts } from './ui'

/** One of the ways out. All answer the same questions in the same order, so that they compare across. */
export function Path({
  name,
  badge,
  pays,
  give,
  cost,
  forgone,
  when,
  muted,
  children,
  action,
  testId,
}: {
  name: string
  badge: ReactNode
  pays: ReactNode
  /** What goes this way, where a way may take a part. */
  give?: ReactNode
  cost: ReactNode
  /** What is earned and left behind. */
  forgone?: ReactNode
  when: ReactNode
  muted?: boolean
  children?: ReactNode
  action?: ReactNode
  testId?: string
}) {
  return (
    <section className={`card flex min-w-0 flex-col p-5 ${muted ? 'bg-sunken shadow-none' : ''}`} data-testid={testId}>
      <div className="flex flex-wrap items-center justify-between gap-x-3 gap-y-1">
        <h2 className="font-semibold">{name}</h2>
        {badge}
      </div>
      <p className={`mt-3 mb-2 text-2xl font-semibold tracking-tight ${muted ? 'text-ink-soft' : ''}`}>
        <span className="sr-only">Pays </span>
        {pays}
      </p>
      <Facts>
        {give !== undefined && <Fact label="You give">{give}</Fact>}
        <Fact label="It costs">{cost}</Fact>
        {forgone !== undefined && <Fact label="You leave behind">{forgone}</Fact>}
        <Fact label="You have it">{when}</Fact>
      </Facts>
      {children && <p className="mt-auto border-t border-line pt-3 text-sm text-ink-soft">{children}</p>}
      {action && <div className="mt-4">{action}</div>}
    </section>
  )
}

/** A cost in coins with its share; before there is an amount, the share alone. */
export function Cost({ coins, share }: { coins: bigint | null; share: string }) {
  return coins === null || coins === 0n ? (
    <>{share}</>
  ) : (
    <>
      <Coin value={coins} /> <span className="font-normal whitespace-nowrap text-ink-soft">· {share}</span>
    </>
  )
}
