// Package accuracytest holds short accuracy runs on real inspection images: it
// builds the command, uses it as its user would, and holds its figures against
// bounds. The images are in ../shared/data beside the project; where they are
// missing the tests say so and skip, and fail when CI=true.
package accuracytest
