/*
 * Style, script and icon of all pages, embedded by the build: ui/web/css and ui/web/js, each
 * put together in order of the files' names. Texts ended by NUL. Any thread.
 */
#ifndef UI_WEB_ASSET_H
#define UI_WEB_ASSET_H

extern const char asset_css[], asset_js[], asset_icon[];

#endif
