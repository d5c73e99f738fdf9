import { linesOf, layersOf, rangeOf, WHOLE, type Sample } from '../lib/chart'
import { formatDate } from '../lib/time'

const BOX = `0 0 ${WHOLE} ${WHOLE}`

function Times({ from, to, now }: { from: number; to: number; now: number }) {
  return (
    <div className="mt-1 flex justify-between gap-4 text-[11px] text-ink-faint" aria-hidden="true">
      <span>{formatDate(from, now)}</span>
      <span>{formatDate(to, now)}</span>
    </div>
  )
}

/** Two lines with what lies between them: a value from below and from above. One image to a screen reader. */
export function BandChart({
  low,
  high,
  from,
  to,
  now,
  label,
  format,
}: {
  low: readonly Sample[]
  high: readonly Sample[]
  from: number
  to: number
  now: number
  label: string
  format: (value: bigint) => string
}) {
  const range = rangeOf([...low, ...high].map((sample) => sample.value))
  if (!range) return null
  const lines = (samples: readonly Sample[]) => linesOf(samples, from, to, range.low, range.high)
  const [below, above] = [lines(low), lines(high)]
  return (
    <figure>
      <div className="flex justify-between text-[11px] text-ink-faint" aria-hidden="true">
        <span>{format(range.high)}</span>
      </div>
      <svg
        viewBox={BOX}
        preserveAspectRatio="none"
        width="100%"
        height="132"
        role="img"
        aria-label={label}
        className="overflow-visible"
      >
        {[0, WHOLE / 2, WHOLE].map((y) => (
          <line key={y} x1="0" x2={WHOLE} y1={y} y2={y} stroke="var(--line)" vectorEffect="non-scaling-stroke" />
        ))}
        {below.length === 1 && above.length === 1 && (
          <polygon
            points={`${below[0]} ${(above[0] ?? '').split(' ').reverse().join(' ')}`}
            fill="var(--active)"
            opacity="0.16"
          />
        )}
        {above.map((points) => (
          <polyline
            key={`above-${points.slice(0, 24)}`}
            points={points}
            fill="none"
            stroke="var(--active)"
            strokeWidth="1.5"
            strokeDasharray="4 3"
            vectorEffect="non-scaling-stroke"
          />
        ))}
        {below.map((points) => (
          <polyline
            key={`below-${points.slice(0, 24)}`}
            points={points}
            fill="none"
            stroke="var(--active)"
            strokeWidth="2"
            strokeLinejoin="round"
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      <div className="mt-1 text-[11px] text-ink-faint" aria-hidden="true">
        {format(range.low)}
      </div>
      <Times from={from} to={to} now={now} />
    </figure>
  )
}

/** Shares of a whole over time, one layer on the other. */
export function LayerChart({
  times,
  shares,
  fills,
  now,
  label,
}: {
  times: readonly number[]
  shares: readonly (readonly (number | null)[])[]
  fills: readonly string[]
  now: number
  label: string
}) {
  const [from, to] = [times[0], times[times.length - 1]]
  if (from === undefined || to === undefined) return null
  return (
    <figure>
      <svg viewBox={BOX} preserveAspectRatio="none" width="100%" height="96" role="img" aria-label={label}>
        <rect width={WHOLE} height={WHOLE} fill="var(--sunken)" />
        {layersOf(times, shares, fills.length).map((points, layer) => (
          <polygon
            key={fills[layer]}
            points={points}
            fill={fills[layer]}
            stroke="var(--surface)"
            strokeWidth="1"
            vectorEffect="non-scaling-stroke"
          />
        ))}
      </svg>
      <Times from={from} to={to} now={now} />
    </figure>
  )
}
