"use client";
import type { DatePickerInputProps } from "@mantine/dates";
import type { ComponentType } from "react";
import { lateField } from "./late-field.tsx";

/** A day to choose: the calendar comes after the page. */
export const DayPicker = lateField(() => import("@mantine/dates").then((module) => module.DatePickerInput as ComponentType<DatePickerInputProps>));
