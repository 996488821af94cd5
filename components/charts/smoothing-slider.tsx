"use client";
import { Slider } from "@mantine/core";
import { useEffect, useState } from "react";

/** Percent, 0 to 99. Follows the thumb at once; the URL only when it is let go. `w`: of the whole, px. */
export function SmoothingSlider({ value, onChange, w }: { value: number; onChange: (value: number) => void; w: number }) {
  const [thumb, setThumb] = useState(value);
  useEffect(() => setThumb(value), [value]);
  return (
    <div style={{ display: "flex", alignItems: "center", gap: 8, width: w }}>
      <span id="smoothing-label">Smoothing</span>
      <Slider flex={1} size="sm" min={0} max={99} value={thumb} onChange={setThumb} onChangeEnd={onChange} label={null} thumbProps={{ "aria-labelledby": "smoothing-label" }} />
      <span className="mono" style={{ width: 32 }}>{(thumb / 100).toFixed(2)}</span>
    </div>
  );
}
