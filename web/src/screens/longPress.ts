// A finger that stays: what a right click is to a mouse.

const HOLD_MS = 450;
const STRAY = 10;

export function longPress(run: (x: number, y: number) => void): Record<string, (event: PointerEvent) => void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let [startX, startY] = [0, 0];
  const end = (): void => clearTimeout(timer);
  return {
    onPointerDown: ({ pointerType, clientX, clientY, target }) => {
      if (pointerType !== "touch" || (target as HTMLElement).closest("a,button") !== null) return;
      [startX, startY] = [clientX, clientY];
      timer = setTimeout(() => {
        navigator.vibrate?.(8);
        run(startX, startY);
      }, HOLD_MS);
    },
    onPointerMove: ({ clientX, clientY }) => {
      if (Math.hypot(clientX - startX, clientY - startY) > STRAY) end();
    },
    onPointerUp: end,
    onPointerCancel: end,
  };
}
