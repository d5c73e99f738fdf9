import { accessKey } from './access'

const BASE = '/api/v1'

/** What went wrong, in the API's own words, with what to do about it. */
export class ApiError extends Error {
  readonly status: number
  readonly code: string
  readonly hint: string | null

  constructor(status: number, code: string, message: string, hint: string | null) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.code = code
    this.hint = hint
  }
}

type Params = Record<string, string | number | null | undefined>
type Options = { params?: Params; signal?: AbortSignal; body?: unknown }

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined
}

async function toError(response: Response): Promise<ApiError> {
  let body: unknown = null
  try {
    body = await response.json()
  } catch {
    // Not JSON: a proxy or a server that is not ours answered. The status says enough.
  }
  const error = field(body, 'error')
  const text = (name: string) => {
    const value = field(error, name)
    return typeof value === 'string' ? value : null
  }
  return new ApiError(
    response.status,
    text('code') ?? `http_${response.status}`,
    text('message') ?? `The service answered with status ${response.status}.`,
    text('hint'),
  )
}

/** One request to the API. Throws `ApiError`, also when the service cannot be reached (status 0). */
export async function call<T>(path: string, { params, signal, body }: Options = {}): Promise<T> {
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(params ?? {})) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value))
  }
  const suffix = query.size > 0 ? `?${query}` : ''
  const headers: Record<string, string> = { accept: 'application/json' }
  if (body !== undefined) headers['content-type'] = 'application/json'
  const key = accessKey()
  if (key) headers.authorization = `Bearer ${key}`
  let response: Response
  try {
    response = await fetch(`${BASE}${path}${suffix}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    })
  } catch (cause) {
    if (signal?.aborted) throw cause
    throw new ApiError(
      0,
      'unreachable',
      'The service cannot be reached.',
      'Check your connection; this page retries by itself.',
    )
  }
  if (!response.ok) throw await toError(response)
  if (response.status === 204) return undefined as T
  return (await response.json()) as T
}
