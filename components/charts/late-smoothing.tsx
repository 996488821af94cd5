"use client";
import { lateField } from "../form/late-field.tsx";

/** How smooth lines are drawn: the slider comes after the page. */
export const LateSmoothing = lateField(() => import("./smoothing-slider.tsx").then((module) => module.SmoothingSlider));
