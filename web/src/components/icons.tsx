import type { ReactNode } from 'react'

function Icon({ children }: { children: ReactNode }) {
  return (
    <svg
      viewBox="0 0 20 20"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {children}
    </svg>
  )
}

export const StakeIcon = () => (
  <Icon>
    <path d="M10 3v9m0 0 3.5-3.5M10 12 6.500 8.500M3.500 13v2.500a1.500 1.500 0 0 0 1.500 1.500h10a1.500 1.500 0 0 0 1.500-1.500V13" />
  </Icon>
)
export const ExitIcon = () => (
  <Icon>
    <path d="M10 12V3m0 0 3.500 3.500M10 3 6.500 6.500M3.500 13v2.500a1.500 1.500 0 0 0 1.500 1.500h10a1.500 1.500 0 0 0 1.500-1.500V13" />
  </Icon>
)
export const BasketIcon = () => (
  <Icon>
    <path d="M3 8.500h14l-1.500 7a1.500 1.500 0 0 1-1.500 1.200H6a1.500 1.500 0 0 1-1.500-1.200ZM6.500 8.500 9 3.500M13.500 8.500 11 3.500" />
  </Icon>
)
export const GovernIcon = () => (
  <Icon>
    <path d="M3 17h14M4.500 14V9M10 14V9M15.500 14V9M3 7l7-4 7 4Z" />
  </Icon>
)
export const MoreIcon = () => (
  <Icon>
    <circle cx="4.500" cy="10" r="1" />
    <circle cx="10" cy="10" r="1" />
    <circle cx="15.500" cy="10" r="1" />
  </Icon>
)
export const DashboardIcon = () => (
  <Icon>
    <circle cx="10" cy="7" r="3" />
    <path d="M4 17c.6-3.200 3-4.800 6-4.800s5.400 1.600 6 4.800" />
  </Icon>
)
export const LadderIcon = () => (
  <Icon>
    <path d="M3 5h14M3 10h9M3 15h5" />
  </Icon>
)
export const OperateIcon = () => (
  <Icon>
    <path d="M3 15a7 7 0 1 1 14 0M10 15l3.200-5" />
  </Icon>
)
export const SunIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="3.200" />
    <path d="M10 2.500v1.800M10 15.700v1.800M2.500 10h1.800M15.700 10h1.800M4.700 4.700 6 6M14 14l1.300 1.300M15.300 4.700 14 6M6 14l-1.300 1.300" />
  </Icon>
)
export const MoonIcon = () => (
  <Icon>
    <path d="M16.500 11.800A6.800 6.800 0 0 1 8.200 3.500a6.800 6.800 0 1 0 8.300 8.300Z" />
  </Icon>
)
export const SystemIcon = () => (
  <Icon>
    <circle cx="10" cy="10" r="6.500" />
    <path d="M10 3.500a6.500 6.500 0 0 1 0 13Z" fill="currentColor" />
  </Icon>
)
