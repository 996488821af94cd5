import { createTheme, type CSSVariablesResolver, type MantineColorsTuple, type MantineThemeComponents } from "@mantine/core";

/** Drover's one accent: heather. Far from the status blues, greens, ambers and reds, and 7:1 or better on both backgrounds. */
const heather: MantineColorsTuple = ["#faf3fb", "#f3e3f6", "#e9cced", "#dbafe2", "#cc96d4", "#b97ac3", "#9d58a8", "#7e3a88", "#652c6e", "#481f4f"];
const gray: MantineColorsTuple = ["#f5f6f8", "#eceef1", "#e2e5ea", "#d3d7de", "#b8bec9", "#939aa7", "#656c79", "#4a515d", "#30353e", "#1c1f26"];
const dark: MantineColorsTuple = ["#d8dbe2", "#b3b9c4", "#9097a4", "#656c79", "#333944", "#252a32", "#191d23", "#101317", "#0c0e12", "#090b0e"];

/** By name, not with `Button.extend`: that would load every component with the first page, used or not. */
const components: MantineThemeComponents = {
  ActionIcon: { defaultProps: { variant: "subtle", color: "gray", size: 28 } },
  Anchor: { defaultProps: { underline: "hover", inherit: true } },
  Badge: { defaultProps: { variant: "default", radius: "xs", size: "sm" }, styles: { root: { textTransform: "none", fontWeight: 500 } } },
  // Compact ones stand in rows of tables and in foots of panels.
  Button: { defaultProps: { size: "xs" }, styles: (_theme: unknown, { size }: { size?: string }) => ({ root: { fontWeight: 500, ...(size?.startsWith("compact") ? { fontSize: "12px", height: 24, paddingInline: 8 } : { fontSize: "13px", height: 32 }) } }) },
  CloseButton: { defaultProps: { "aria-label": "Close" } }, // every dialog and drawer has one
  Checkbox: { defaultProps: { size: "xs" } },
  Drawer: { defaultProps: { transitionProps: { duration: 120 }, overlayProps: { backgroundOpacity: 0.4 } } },
  Input: { defaultProps: { size: "xs" }, styles: { input: { fontSize: "13px", minHeight: 32, height: "auto" } } },
  InputWrapper: {
    defaultProps: { size: "xs" },
    styles: { label: { fontSize: "13px", fontWeight: 500, marginBottom: 4 }, description: { fontSize: "12px" }, error: { fontSize: "12px" } },
  },
  Loader: { defaultProps: { size: "xs", type: "dots" } },
  Menu: { defaultProps: { shadow: "md", position: "bottom-end", transitionProps: { duration: 80 } }, styles: { item: { fontSize: "13px", padding: "6px 8px" } } },
  Modal: { defaultProps: { centered: true, transitionProps: { duration: 100 }, overlayProps: { backgroundOpacity: 0.45 } }, styles: { title: { fontWeight: 600, fontSize: "14px" } } },
  NavLink: { defaultProps: { variant: "subtle" } },
  Paper: { defaultProps: { withBorder: true, shadow: undefined } },
  Popover: { defaultProps: { shadow: "md", transitionProps: { duration: 80 } } },
  SegmentedControl: { styles: { root: { maxWidth: "100%", overflowX: "auto", scrollbarWidth: "none" } } },
  Select: { defaultProps: { size: "xs", checkIconPosition: "right" } },
  Skeleton: { defaultProps: { radius: "xs" } },
  Table: { defaultProps: { fz: "sm" } },
  Tabs: { defaultProps: { variant: "default" } },
  TextInput: { defaultProps: { size: "xs" } },
  Tooltip: { defaultProps: { openDelay: 200, withArrow: false, fz: 12, multiline: true, maw: 360, transitionProps: { duration: 80 }, events: { hover: true, focus: true, touch: true } } },
};

export const theme = createTheme({
  colors: { heather, gray, dark },
  primaryColor: "heather",
  primaryShade: { light: 7, dark: 6 }, // white words on either: 7:1 and 4.7:1
  white: "#fdfdfe",
  black: "#1c1f26",
  fontFamily: "var(--font-geist-sans), system-ui, sans-serif",
  fontFamilyMonospace: "var(--font-geist-mono), ui-monospace, monospace",
  fontSizes: { xs: "12px", sm: "13px", md: "14px", lg: "16px", xl: "20px" },
  lineHeights: { xs: "1.4", sm: "1.45", md: "1.5", lg: "1.5", xl: "1.35" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "24px", xl: "32px" },
  radius: { xs: "3px", sm: "5px", md: "7px", lg: "10px", xl: "16px" },
  defaultRadius: "sm",
  cursorType: "pointer",
  respectReducedMotion: true,
  focusRing: "auto",
  headings: {
    fontWeight: "600",
    sizes: { h1: { fontSize: "20px", lineHeight: "1.3" }, h2: { fontSize: "14px", lineHeight: "1.4" }, h3: { fontSize: "13px", lineHeight: "1.45" } },
  },
  components,
});

/** Mantine's own variables where the palette alone does not decide. Drover's tokens (tones, chart slots, lines) are in app/globals.css. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: {},
  light: {
    "--mantine-color-body": "#fbfbfc",
    "--mantine-color-text": "#1c1f26",
    "--mantine-color-dimmed": "#5c6470",
    "--mantine-color-placeholder": "#6b7280",
    "--mantine-color-default": "#fdfdfe",
    "--mantine-color-default-hover": "#f2f3f6",
    "--mantine-color-default-border": "#d3d7de",
    "--mantine-color-error": "#b42318",
    "--mantine-color-anchor": "#7e3a88",
  },
  dark: {
    "--mantine-color-body": "#101317",
    "--mantine-color-text": "#d8dbe2",
    "--mantine-color-dimmed": "#9097a4",
    "--mantine-color-placeholder": "#868d9a",
    "--mantine-color-default": "#191d23",
    "--mantine-color-default-hover": "#22272f",
    "--mantine-color-default-border": "#333944",
    "--mantine-color-error": "#ff7a6e",
    "--mantine-color-anchor": "#dbafe2",
  },
});
