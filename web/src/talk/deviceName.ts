// What a browser is called in the list of devices until the user gives it a name.

const browsers: readonly [RegExp, string][] = [
  [/Edg\//, "Edge"], [/OPR\//, "Opera"], [/Firefox\//, "Firefox"], [/Chrom(?:e|ium)\//, "Chrome"], [/Safari\//, "Safari"],
];
const systems: readonly [RegExp, string][] = [
  [/iPhone/, "iPhone"], [/iPad/, "iPad"], [/Android/, "Android"], [/Windows/, "Windows"], [/Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"], [/Linux/, "Linux"],
];

export function deviceName(userAgent: string): string {
  const named = (list: readonly [RegExp, string][]): string | undefined => list.find(([sign]) => sign.test(userAgent))?.[1];
  return [named(browsers) ?? "Browser", named(systems)].filter(Boolean).join(", ");
}
