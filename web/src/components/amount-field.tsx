import { useId } from 'react'
import { parseAmount, toInput, type ParsedAmount } from '../lib/amount'
import { Amount, Button } from './ui'

const words = (decimals: number): Record<Exclude<ParsedAmount, { ok: true }>['reason'], string | null> => ({
  empty: null,
  format: 'Write an amount in digits, for example 12.5.',
  ambiguous: 'Is the comma a decimal mark or for thousands? Write it with a point, or without the comma.',
  precision: `That is finer than the smallest unit (${decimals} decimal places).`,
  size: 'That is more than exists.',
})

type Props = {
  label: string
  unit: string
  /** Of a token with other than 18. */
  decimals?: number
  text: string
  onText: (text: string) => void
  /** What there is to spend, and the most that makes sense to fill in. */
  balance?: { label: string; value: bigint; max: bigint } | undefined
  /** A problem that the page knows of, in words. */
  problem?: string | null
  testId: string
}

/** A typed amount in whole coins. The text is the page's; this shows it, its unit, and what is wrong with it. */
export function AmountField({ label, unit, decimals = 18, text, onText, balance, problem, testId }: Props) {
  const id = useId()
  const parsed = parseAmount(text, decimals)
  const message = parsed.ok ? (problem ?? null) : words(decimals)[parsed.reason]
  return (
    <div>
      <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <label htmlFor={id} className="text-sm font-medium">
          {label}
        </label>
        {balance && (
          <span className="flex items-baseline gap-2 text-sm text-ink-soft">
            <span>
              {balance.label} <Amount value={balance.value} unit={unit} decimals={decimals} />
            </span>
            <Button look="plain" onClick={() => onText(toInput(balance.max, decimals))}>
              Max<span className="sr-only"> {unit}</span>
            </Button>
          </span>
        )}
      </div>
      <div
        className={`mt-2 flex items-center gap-3 rounded-control bg-sunken px-4 ring-1 focus-within:ring-2 focus-within:ring-accent ${message ? 'ring-bad' : 'ring-line-strong'}`}
      >
        <input
          id={id}
          data-testid={testId}
          value={text}
          onChange={(event) => onText(event.target.value)}
          inputMode="decimal"
          autoComplete="off"
          autoCorrect="off"
          spellCheck={false}
          placeholder="0"
          maxLength={60}
          aria-invalid={message !== null}
          aria-describedby={`${id}-note`}
          className="num h-16 w-full min-w-0 bg-transparent text-2xl font-semibold tracking-tight outline-none placeholder:text-ink-faint focus-visible:shadow-none"
        />
        <span className="shrink-0 font-medium text-ink-soft">{unit}</span>
      </div>
      <p id={`${id}-note`} aria-live="polite" className="mt-1.5 min-h-5 text-sm text-bad">
        {message}
      </p>
    </div>
  )
}
