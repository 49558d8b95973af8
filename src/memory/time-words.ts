// What of a text speaks of time: whether a question asks when, whether a note says when, and which months are named.

/** Months whose short name is a word of its own: "may" asks more often than it dates; "mar" is the sea. */
const AMBIGUOUS = new Set(['may', 'mar', 'mai', 'ago', 'set', 'abr', 'out', 'dez'])

const LANGUAGES = ['en', 'de', 'fr', 'es', 'ru'] as const

/** Folded names of months → 0 to 11. */
const MONTHS: ReadonlyMap<string, number> = new Map(
  LANGUAGES.flatMap((language) => {
    const named = (style: 'long' | 'short', day?: 'numeric') =>
      new Intl.DateTimeFormat(language, { month: style, timeZone: 'UTC', ...(day === undefined ? {} : { day }) })
    const formats = [named('long'), named('long', 'numeric'), named('short')]
    return Array.from({ length: 12 }, (_, month) => month).flatMap((month) =>
      formats.flatMap((format) => {
        const part = format.formatToParts(Date.UTC(2023, month, 1)).find(({ type }) => type === 'month')
        return part === undefined ? [] : [[plain(part.value), month] as const]
      }),
    )
  }).filter(([name]) => name.length >= 3 && !AMBIGUOUS.has(name)),
)

function plain(text: string): string {
  return text
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(/[\p{Mn}.]/gu, '')
    .normalize('NFC')
}

const ASKS_WHEN = new Set(
  'when date day month year long often since until wann datum quand cuando fecha когда дата сколько seit depuis desde'.split(' '),
)
const TIME_WORDS = new Set(
  (
    'yesterday today tomorrow tonight morning afternoon evening night week weekend month year ago last next monday tuesday wednesday ' +
    'thursday friday saturday sunday since recently soon gestern heute morgen woche monat jahr montag dienstag mittwoch donnerstag freitag ' +
    'samstag sonntag hier demain semaine mois annee lundi mardi mercredi jeudi vendredi samedi dimanche ayer hoy semana mes ano lunes ' +
    'martes miercoles jueves viernes sabado domingo вчера сегодня завтра неделя неделе месяц месяце год году понедельник вторник среду ' +
    'четверг пятницу субботу воскресенье'
  ).split(' '),
)

export const asksWhen = (words: readonly string[]): boolean => words.some((word) => ASKS_WHEN.has(word))

export const tellsTime = (words: readonly string[]): boolean =>
  words.some((word) => TIME_WORDS.has(word) || MONTHS.has(word) || /^(?:19|20)\d\d$/.test(word))

/** Months that are named, 0 to 11. */
export const monthsIn = (words: readonly string[]): readonly number[] => [
  ...new Set(words.flatMap((word) => MONTHS.get(word) ?? [])),
]
