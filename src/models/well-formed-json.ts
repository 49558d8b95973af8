// A value in, JSON that every service reads out: half of a surrogate pair is legal in a JavaScript text, and refused as JSON.

/** As JSON.stringify, with U+FFFD in place of halves of characters. */
export function wellFormedJson(value: unknown): string {
  const json = JSON.stringify(value)
  // JSON.stringify escapes halves alone; a backslash of the text itself is doubled, so pairs are passed over.
  return json.includes('\\ud')
    ? json.replace(/\\\\|\\ud[89a-f][0-9a-f]{2}/g, (found) => (found === '\\\\' ? found : '\ufffd'))
    : json
}
