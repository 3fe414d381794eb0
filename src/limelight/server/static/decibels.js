// Decibels and how they are written.

export const dbToGain = (db) => 10 ** (db / 20);

/** "+3.2 dB", with a true minus. */
export function decibels(db, digits = 1) {
  const text = db.toFixed(digits);
  if (Number(text) === 0) return `${(0).toFixed(digits)} dB`;
  return `${db > 0 ? "+" : "−"}${text.replace("-", "")} dB`;
}

/** "1:02.3" or "1:01:02". */
export function clock(seconds, digits = 0) {
  const scale = 10 ** digits;
  const whole = Math.floor(Math.max(0, seconds) * scale + 1e-6) / scale;
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const rest = s.toFixed(digits).padStart(digits ? 3 + digits : 2, "0");
  return h ? `${h}:${String(m).padStart(2, "0")}:${rest}` : `${m}:${rest}`;
}

/** "about 3 min". */
export function duration(seconds) {
  if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
