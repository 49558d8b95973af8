// Small templates over JSON: `{{/json/pointer}}` in texts, `{{name}}` in a JSON value. Values are put in as they are and
// never read again as templates.

/** The value a JSON pointer names, or undefined. `''` is the whole. */
export function pointer(document: unknown, path: string): unknown {
  if (path === '') return document
  let value: unknown = document
  for (const step of path.split('/').slice(1)) {
    const key = step.replace(/~1/g, '/').replace(/~0/g, '~')
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined
    value = (value as Record<string, unknown>)[key]
  }
  return value
}

const asText = (value: unknown): string =>
  value === undefined || value === null ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value)

/** `Issue opened: {{/issue/title}}`; what is not there becomes nothing. */
export const fillText = (template: string, document: unknown): string =>
  template.replace(/\{\{(\/[^}]*)\}\}/g, (_, path: string) => asText(pointer(document, path)))

/** A pointer when it begins with a slash, else a template. */
export const read = (expression: string, document: unknown): string =>
  expression.startsWith('/') ? asText(pointer(document, expression)) : fillText(expression, document)

/** Fills `{{name}}` in every text of a JSON value; a text that is only `{{name}}` becomes the value itself. */
export function fillJson(template: unknown, values: Readonly<Record<string, unknown>>): unknown {
  if (typeof template === 'string') {
    const only = /^\{\{(\w+)\}\}$/.exec(template)?.[1]
    if (only !== undefined && Object.hasOwn(values, only)) return values[only]
    return template.replace(/\{\{(\w+)\}\}/g, (all, name: string) => (Object.hasOwn(values, name) ? asText(values[name]) : all))
  }
  if (Array.isArray(template)) return template.map((item) => fillJson(item, values))
  if (typeof template === 'object' && template !== null)
    return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, fillJson(value, values)]))
  return template
}
