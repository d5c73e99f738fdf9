import { useId, type ReactNode } from 'react'

/** One of a few ways, side by side. A radio group, so that arrow keys move in it. */
export function Choice<T extends string>({
  label,
  value,
  onValue,
  options,
  testId,
}: {
  label: string
  value: T
  onValue: (value: T) => void
  options: readonly { value: T; name: string; note?: ReactNode }[]
  testId: string
}) {
  const id = useId()
  return (
    <fieldset>
      <legend className="text-sm font-medium">{label}</legend>
      <div className="mt-2 grid grid-cols-1 gap-2 sm:grid-cols-2">
        {options.map((option) => (
          <label
            key={option.value}
            className="flex cursor-pointer gap-3 rounded-control bg-surface px-4 py-3 text-sm ring-1 ring-line-strong has-checked:bg-accent-soft has-checked:ring-accent has-focus-visible:ring-2"
          >
            <input
              type="radio"
              name={id}
              checked={value === option.value}
              onChange={() => onValue(option.value)}
              data-testid={`${testId}-${option.value}`}
              className="mt-0.5 size-4 shrink-0 accent-(--accent)"
            />
            <span>
              <span className="font-medium">{option.name}</span>
              {option.note && <span className="block text-ink-soft">{option.note}</span>}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
