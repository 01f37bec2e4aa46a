/*
 * pp.h - the preprocessor macros behind the typed API.
 *
 * Six techniques in standard C11, and one that needs gcc or clang (the last):
 *   MAIKO_PP_MAP(m, c, ...)   m(c, item) for each of up to 64 items
 *   MAIKO_PP_IS_TUPLE(x)      1 if x is written in parentheses, else 0
 *   MAIKO_PP_CAT(a, b)        a and b expanded, then pasted
 *   MAIKO_PP_COUNT(...)       the number of arguments, 1 to 64
 *   MAIKO_PP_MUST_(c, text)   0 if the constant condition holds; else a compile-time error
 *                             with that text
 *   MAIKO_PP_TO_(to, f, g)    f if `to` is a maiko_ctx *, g if it is a maiko_supervisor *;
 *                             else a compile-time error
 *   MAIKO_PP_STRICT_(...)     declarations and statements, the last of which gives the value;
 *                             pointers of a wrong type are errors in them, not warnings
 *
 * Nothing here is meant to be used directly.
 *
 * SPDX-License-Identifier: MIT
 */
#ifndef MAIKO_PP_H
#define MAIKO_PP_H

/* clang-format off */
#define MAIKO_PP_CAT(a, b) MAIKO_PP_CAT_(a, b)
#define MAIKO_PP_CAT_(a, b) a##b

/* Reduces the condition to a literal, so that the error message shows the text, not its expansion. */
#define MAIKO_PP_IF_(condition) _Generic((char(*)[(condition) ? 1 : 2])0, char(*)[1] : 1, default : 0)
#define MAIKO_PP_MUST_(condition, text)                                                                                \
	(0 * (int)sizeof(struct {                                                                                      \
		 _Static_assert(MAIKO_PP_IF_(condition), text);                                                        \
		 char unused_;                                                                                         \
	 }))
#define MAIKO_PP_TO_(to, of_ctx, of_sup)                                                                               \
	(MAIKO_PP_MUST_(_Generic((to), maiko_ctx * : 1, maiko_supervisor * : 1, default : 0),                          \
			"maiko: " #to " must be a maiko_ctx * or a maiko_supervisor *")                                \
		 ? 0                                                                                                   \
		 : _Generic((to), maiko_ctx * : of_ctx, default : of_sup))

/* A declaration that fails, with that text, unless `fn` is a function of that type. */
#define MAIKO_PP_CHECK_(fn, pointer, message) _Static_assert(_Generic(&fn, pointer : 1, default : 0), message);

/* Makes errors of constraint violations that these compilers only warn about by default. */
#define MAIKO_PP_STRICT_(...)                                                                                          \
	__extension__({                                                                                                \
		_Pragma("GCC diagnostic push") _Pragma("GCC diagnostic error \"-Wint-conversion\"")                    \
		_Pragma("GCC diagnostic error \"-Wincompatible-pointer-types\"") __VA_ARGS__;                          \
		_Pragma("GCC diagnostic pop")                                                                          \
	})

#define MAIKO_PP_IS_TUPLE(x) MAIKO_PP_SECOND_(MAIKO_PP_PROBE_ x, 0, ~)
#define MAIKO_PP_PROBE_(...) ~, 1
#define MAIKO_PP_SECOND_(...) MAIKO_PP_SECOND_OF_(__VA_ARGS__, ~)
#define MAIKO_PP_SECOND_OF_(a, b, ...) b

#define MAIKO_PP_COUNT(...) MAIKO_PP_PICK_(__VA_ARGS__, 64, 63, 62, 61, 60, 59, 58, 57, 56, 55, 54, \
	53, 52, 51, 50, 49, 48, 47, 46, 45, 44, 43, 42, 41, 40, 39, 38, 37, 36, 35, 34, 33, 32, 31, 30, 29, \
	28, 27, 26, 25, 24, 23, 22, 21, 20, 19, 18, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, \
	1, ~)
#define MAIKO_PP_PICK_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, \
	a18, a19, a20, a21, a22, a23, a24, a25, a26, a27, a28, a29, a30, a31, a32, a33, a34, a35, a36, a37, \
	a38, a39, a40, a41, a42, a43, a44, a45, a46, a47, a48, a49, a50, a51, a52, a53, a54, a55, a56, a57, \
	a58, a59, a60, a61, a62, a63, a64, n, ...) n

#define MAIKO_PP_MAP(m, c, ...) MAIKO_PP_CAT(MAIKO_PP_MAP_, MAIKO_PP_COUNT(__VA_ARGS__))(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_1(m, c, x) m(c, x)
#define MAIKO_PP_MAP_2(m, c, x, ...) m(c, x) MAIKO_PP_MAP_1(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_3(m, c, x, ...) m(c, x) MAIKO_PP_MAP_2(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_4(m, c, x, ...) m(c, x) MAIKO_PP_MAP_3(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_5(m, c, x, ...) m(c, x) MAIKO_PP_MAP_4(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_6(m, c, x, ...) m(c, x) MAIKO_PP_MAP_5(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_7(m, c, x, ...) m(c, x) MAIKO_PP_MAP_6(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_8(m, c, x, ...) m(c, x) MAIKO_PP_MAP_7(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_9(m, c, x, ...) m(c, x) MAIKO_PP_MAP_8(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_10(m, c, x, ...) m(c, x) MAIKO_PP_MAP_9(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_11(m, c, x, ...) m(c, x) MAIKO_PP_MAP_10(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_12(m, c, x, ...) m(c, x) MAIKO_PP_MAP_11(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_13(m, c, x, ...) m(c, x) MAIKO_PP_MAP_12(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_14(m, c, x, ...) m(c, x) MAIKO_PP_MAP_13(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_15(m, c, x, ...) m(c, x) MAIKO_PP_MAP_14(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_16(m, c, x, ...) m(c, x) MAIKO_PP_MAP_15(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_17(m, c, x, ...) m(c, x) MAIKO_PP_MAP_16(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_18(m, c, x, ...) m(c, x) MAIKO_PP_MAP_17(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_19(m, c, x, ...) m(c, x) MAIKO_PP_MAP_18(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_20(m, c, x, ...) m(c, x) MAIKO_PP_MAP_19(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_21(m, c, x, ...) m(c, x) MAIKO_PP_MAP_20(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_22(m, c, x, ...) m(c, x) MAIKO_PP_MAP_21(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_23(m, c, x, ...) m(c, x) MAIKO_PP_MAP_22(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_24(m, c, x, ...) m(c, x) MAIKO_PP_MAP_23(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_25(m, c, x, ...) m(c, x) MAIKO_PP_MAP_24(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_26(m, c, x, ...) m(c, x) MAIKO_PP_MAP_25(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_27(m, c, x, ...) m(c, x) MAIKO_PP_MAP_26(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_28(m, c, x, ...) m(c, x) MAIKO_PP_MAP_27(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_29(m, c, x, ...) m(c, x) MAIKO_PP_MAP_28(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_30(m, c, x, ...) m(c, x) MAIKO_PP_MAP_29(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_31(m, c, x, ...) m(c, x) MAIKO_PP_MAP_30(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_32(m, c, x, ...) m(c, x) MAIKO_PP_MAP_31(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_33(m, c, x, ...) m(c, x) MAIKO_PP_MAP_32(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_34(m, c, x, ...) m(c, x) MAIKO_PP_MAP_33(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_35(m, c, x, ...) m(c, x) MAIKO_PP_MAP_34(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_36(m, c, x, ...) m(c, x) MAIKO_PP_MAP_35(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_37(m, c, x, ...) m(c, x) MAIKO_PP_MAP_36(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_38(m, c, x, ...) m(c, x) MAIKO_PP_MAP_37(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_39(m, c, x, ...) m(c, x) MAIKO_PP_MAP_38(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_40(m, c, x, ...) m(c, x) MAIKO_PP_MAP_39(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_41(m, c, x, ...) m(c, x) MAIKO_PP_MAP_40(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_42(m, c, x, ...) m(c, x) MAIKO_PP_MAP_41(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_43(m, c, x, ...) m(c, x) MAIKO_PP_MAP_42(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_44(m, c, x, ...) m(c, x) MAIKO_PP_MAP_43(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_45(m, c, x, ...) m(c, x) MAIKO_PP_MAP_44(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_46(m, c, x, ...) m(c, x) MAIKO_PP_MAP_45(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_47(m, c, x, ...) m(c, x) MAIKO_PP_MAP_46(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_48(m, c, x, ...) m(c, x) MAIKO_PP_MAP_47(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_49(m, c, x, ...) m(c, x) MAIKO_PP_MAP_48(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_50(m, c, x, ...) m(c, x) MAIKO_PP_MAP_49(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_51(m, c, x, ...) m(c, x) MAIKO_PP_MAP_50(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_52(m, c, x, ...) m(c, x) MAIKO_PP_MAP_51(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_53(m, c, x, ...) m(c, x) MAIKO_PP_MAP_52(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_54(m, c, x, ...) m(c, x) MAIKO_PP_MAP_53(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_55(m, c, x, ...) m(c, x) MAIKO_PP_MAP_54(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_56(m, c, x, ...) m(c, x) MAIKO_PP_MAP_55(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_57(m, c, x, ...) m(c, x) MAIKO_PP_MAP_56(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_58(m, c, x, ...) m(c, x) MAIKO_PP_MAP_57(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_59(m, c, x, ...) m(c, x) MAIKO_PP_MAP_58(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_60(m, c, x, ...) m(c, x) MAIKO_PP_MAP_59(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_61(m, c, x, ...) m(c, x) MAIKO_PP_MAP_60(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_62(m, c, x, ...) m(c, x) MAIKO_PP_MAP_61(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_63(m, c, x, ...) m(c, x) MAIKO_PP_MAP_62(m, c, __VA_ARGS__)
#define MAIKO_PP_MAP_64(m, c, x, ...) m(c, x) MAIKO_PP_MAP_63(m, c, __VA_ARGS__)
/* clang-format on */

#endif
