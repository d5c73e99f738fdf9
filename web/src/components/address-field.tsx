import { useId, type ReactNode } from 'react'
import { readAddress } from '../lib/text'

/** A typed address. The text is the page's; this shows what is wrong with it, once something is typed. */
export function AddressField({
  label,
  text,
  onText,
  testId,
}: {
  label: ReactNode
  text: string
  onText: (text: string) => void
  testId: string
}) {
  const id = useId()
  const wrong = text.trim() !== '' && readAddress(text) === null
  return (
    <div className="min-w-0 flex-1 basis-56">
      <label htmlFor={id} className="text-sm text-ink-soft">
        {label}
      </label>
      <input
        id={id}
        data-testid={testId}
        value={text}
        onChange={(event) => onText(event.target.value)}
        placeholder="0x…"
        autoComplete="off"
        spellCheck={false}
        aria-invalid={wrong}
        aria-describedby={`${id}-note`}
        className="mt-1.5 h-10 w-full rounded-control bg-sunken px-3 font-mono text-sm ring-1 ring-line-strong"
      />
      <p id={`${id}-note`} aria-live="polite" className="mt-1 min-h-5 text-sm text-bad">
        {wrong && 'An address is 0x followed by 40 hexadecimal digits.'}
      </p>
    </div>
  )
}
