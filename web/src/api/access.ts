import { useSyncExternalStore } from 'react'

/**
 * An API key that a viewer or an operator typed in. It stays in this tab's memory: never stored, gone with a reload.
 * Public pages need none.
 */
let key = ''
const listeners = new Set<() => void>()

export const accessKey = (): string => key

export function setAccessKey(next: string): void {
  key = next
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

export const useAccessKey = (): string => useSyncExternalStore(subscribe, accessKey)
