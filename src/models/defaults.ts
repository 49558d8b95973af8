// The models that are meant where a file names none. A test holds them to the table of models.

export const DEFAULT_MODEL = 'claude-sonnet-5-5'

/** What stands behind it in the files that claw writes. */
export const DEFAULT_FALLBACK = 'claude-haiku-5-5'

export const DEFAULT_OPENAI_MODEL = 'gpt-6.2-sol'

/** Tokens that a model is taken to read where nothing is known of it. */
export const DEFAULT_WINDOW = 200_000
