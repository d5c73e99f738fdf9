import { useAppConfig } from '../chain/app-config'
import { formatAmount, max as larger, shareBps } from '../lib/amount'
import { placeOf, type Axis, type Return, type Rung } from '../lib/ladder'
import { formatDate, formatDuration } from '../lib/time'

const percent = (bps: number) => `${bps / 100}%`

/** A stay in cooldown: pale while it lasts, with a firm end where the coins are back. Shape tells it from what earns. */
function Stay({ width, y, height }: { width: string; y: number; height: number }) {
  return (
    <svg width={width} y={y} height={height} className="overflow-visible">
      <rect width="100%" height={height} rx="2" fill="var(--cooling)" opacity="0.28" />
      <rect x="100%" width="4" height={height + 2} y="-1" rx="1.5" fill="var(--cooling)" transform="translate(-4 0)" />
    </svg>
  )
}

/** An amount's unit in a picture, as quiet as elsewhere. */
function Unit({ children }: { children: string }) {
  return (
    <tspan fontSize="8.5" fill="var(--ink-soft)">
      {children}
    </tspan>
  )
}

/** How to read the ladders, in the words of somebody who sees one for the first time. */
export function Legend() {
  return (
    <div className="space-y-2 text-sm text-ink-soft">
      <p>
        Each line is one bucket: a small account with a waiting time of its own. Green earns on the left; what was asked
        back travels along the time axis on the right.
      </p>
      <ul className="flex flex-wrap gap-x-5 gap-y-1.5">
        <li className="flex items-center gap-2">
          <svg width="22" height="10" aria-hidden="true">
            <rect width="22" height="10" rx="3" fill="var(--active)" />
          </svg>
          Active: earning rewards
        </li>
        <li className="flex items-center gap-2">
          <svg width="22" height="12" aria-hidden="true">
            <Stay width="22" y={1} height={10} />
          </svg>
          Cooling: back at the dark end of the bar
        </li>
        <li className="flex items-center gap-2">
          <svg width="14" height="14" aria-hidden="true">
            <path d="M7 1 13 7 7 13 1 7Z" fill="var(--matured)" />
          </svg>
          Matured: back, to be collected
        </li>
        <li className="flex items-center gap-2">
          <svg width="10" height="14" aria-hidden="true">
            <line x1="5" x2="5" y2="14" stroke="var(--ink-soft)" strokeWidth="1.5" strokeDasharray="3 2" />
          </svg>
          Next time that more may leave
        </li>
      </ul>
    </div>
  )
}

function Ticks({ axis, height, labels }: { axis: Axis; height: number; labels: boolean }) {
  return (
    <g>
      {axis.ticks.map((tick) => {
        const x = percent(Math.round((tick.after * 10_000) / axis.span))
        const last = tick.after / axis.span > 0.9
        return (
          <g key={tick.after}>
            <line x1={x} x2={x} y1={labels ? 18 : 0} y2={height} stroke="var(--line)" />
            {labels && (
              <text
                x={x}
                y="11"
                fontSize="11"
                fill="var(--ink-faint)"
                textAnchor={tick.after === 0 ? 'start' : last ? 'end' : 'middle'}
              >
                {tick.label}
              </text>
            )}
          </g>
        )
      })}
    </g>
  )
}

const HEAD = 20

/** What one row says, for a tooltip. */
function tell(rung: Rung, now: number, unit: string): string {
  const parts = [`Bucket ${rung.index}`]
  if (rung.active > 0n) parts.push(`${formatAmount(rung.active)} ${unit} active`)
  if (rung.end !== null) {
    parts.push(
      rung.state === 'matured'
        ? `${formatAmount(rung.cooling)} ${unit} matured`
        : `${formatAmount(rung.cooling)} ${unit} back in ${formatDuration(rung.end - now)} (${formatDate(rung.end, now)})`,
    )
  }
  if (parts.length === 1) parts.push(rung.state === 'retired' ? 'retired' : 'empty')
  return parts.join(', ')
}

/**
 * One validator's buckets, one row each: on the left what earns, on the right what is on its way back, on a time axis.
 * The table below it says the same in words; the picture itself is one image to a screen reader.
 */
export function LadderChart({
  rungs,
  now,
  axis,
  largest,
  nextDeparture,
  summary,
}: {
  rungs: readonly Rung[]
  now: number
  axis: Axis
  /** The largest active bucket of all validators: bars compare across them. */
  largest: bigint
  nextDeparture: number | null
  summary: string
}) {
  const { nativeSymbol } = useAppConfig()
  const row = rungs.length <= 12 ? 24 : rungs.length <= 32 ? 16 : 8
  const bar = row >= 24 ? 12 : row >= 16 ? 9 : 5
  const height = HEAD + rungs.length * row + 4
  const still = rungs.every((rung) => rung.end === null)
  const departs = nextDeparture === null || nextDeparture <= now ? null : percent(placeOf(nextDeparture, now, axis))
  return (
    <div role="img" aria-label={summary} className="grid grid-cols-[minmax(64px,1fr)_minmax(0,4fr)] gap-x-3">
      <svg width="100%" height={height} aria-hidden="true">
        <text x="0" y="11" fontSize="11" fill="var(--ink-faint)">
          active
        </text>
        {rungs.map((rung, i) => {
          const y = HEAD + i * row
          const width = percent(
            Math.max(
              rung.active > 0n ? 150 : 0,
              Math.floor(shareBps(rung.active, larger(largest, 1n)) * (row >= 16 ? 0.66 : 0.94)),
            ),
          )
          return (
            <g key={rung.index}>
              <title>{tell(rung, now, nativeSymbol)}</title>
              <rect y={y} width="100%" height={row} fill="transparent" />
              {row >= 16 && (
                <text x="0" y={y + row / 2 + 3.5} fontSize="10" fill="var(--ink-faint)">
                  {rung.index}
                </text>
              )}
              <svg x={row >= 16 ? 20 : 0} y={y + (row - bar) / 2} width="100%" height={bar}>
                <rect width={width} height={bar} rx="2.5" fill="var(--active)" />
              </svg>
            </g>
          )
        })}
      </svg>
      <svg width="100%" height={height} aria-hidden="true" className="overflow-visible">
        {still ? (
          <text x="50%" y={(HEAD + height) / 2 + 4} fontSize="12" textAnchor="middle" fill="var(--ink-faint)">
            nothing is on its way back
          </text>
        ) : (
          <Ticks axis={axis} height={height} labels />
        )}
        {rungs.map((rung, i) => {
          const y = HEAD + i * row
          const at = rung.end === null ? 0 : placeOf(rung.end, now, axis)
          return (
            <g key={rung.index}>
              <title>{tell(rung, now, nativeSymbol)}</title>
              <rect y={y} width="100%" height={row} fill="transparent" />
              {rung.state === 'cooling' && rung.end !== null && (
                <>
                  <Stay width={percent(Math.max(at, 60))} y={y + (row - bar) / 2} height={bar} />
                  {row >= 16 && (
                    <text
                      x={percent(at)}
                      dx={at > 6_000 ? -7 : 6}
                      y={y + row / 2 + 3.5}
                      fontSize="10.5"
                      textAnchor={at > 6_000 ? 'end' : 'start'}
                      fill="var(--ink)"
                    >
                      {formatAmount(rung.cooling, 0)} <Unit>{nativeSymbol}</Unit>
                    </text>
                  )}
                </>
              )}
              {rung.state === 'matured' && (
                <>
                  <svg y={y + row / 2 - 6} width="12" height="12" viewBox="0 0 14 14">
                    <path d="M7 1 13 7 7 13 1 7Z" fill="var(--matured)" />
                  </svg>
                  {row >= 16 && (
                    <text x="17" y={y + row / 2 + 3.5} fontSize="10.5" fill="var(--ink)">
                      {formatAmount(rung.cooling, 0)} <Unit>{nativeSymbol}</Unit> ready
                    </text>
                  )}
                </>
              )}
            </g>
          )
        })}
        {departs && (
          <line
            x1={departs}
            x2={departs}
            y1={HEAD - 4}
            y2={height}
            stroke="var(--ink-soft)"
            strokeWidth="1.5"
            strokeDasharray="3 3"
          />
        )}
      </svg>
    </div>
  )
}

/** All validators together: how much comes back in each slice of the time ahead. */
export function ReturnsChart({ returns, axis, summary }: { returns: readonly Return[]; axis: Axis; summary: string }) {
  const { nativeSymbol } = useAppConfig()
  const most = returns.reduce((top, each) => larger(top, each.amount), 0n)
  const height = 164
  const room = height - HEAD - 30
  // Room for a figure on each bar there is only on a wide screen; on a narrow one the tallest speaks for all.
  const tallest = returns.findIndex((each) => each.amount === most)
  const slot = 10_000 / Math.max(1, returns.length)
  return (
    <div role="img" aria-label={summary}>
      <svg width="100%" height={height} aria-hidden="true" className="overflow-visible">
        <Ticks axis={axis} height={height} labels />
        {returns.map((each, i) => {
          const tall = Math.round((shareBps(each.amount, larger(most, 1n)) * room) / 10_000)
          if (tall === 0 && each.amount === 0n) return null
          const shown = Math.max(3, tall)
          return (
            <g key={each.from}>
              <title>
                {`${formatAmount(each.amount)} ${nativeSymbol} between ${formatDuration(each.from)} and ${formatDuration(each.to)} from now`}
              </title>
              <rect
                x={percent(i * slot + slot * 0.08)}
                width={percent(slot * 0.84)}
                y={height - shown}
                height={shown}
                rx="3"
                fill="var(--cooling)"
              />
              <text
                x={percent(i * slot + slot / 2)}
                y={height - shown - 6}
                fontSize="10.5"
                textAnchor={i < 2 ? 'start' : i > returns.length - 3 ? 'end' : 'middle'}
                dx={i < 2 ? '-1.2em' : i > returns.length - 3 ? '1.2em' : 0}
                fill="var(--ink)"
                className={i === tallest ? '' : 'max-md:hidden'}
              >
                {formatAmount(each.amount, 0)}
              </text>
            </g>
          )
        })}
        <line x1="0" x2="100%" y1={height - 0.5} y2={height - 0.5} stroke="var(--line-strong)" />
      </svg>
    </div>
  )
}
