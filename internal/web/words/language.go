package words

// Language is a language in which texts can be spoken.
type Language struct {
	Code string // of BCP 47
	Name string
}

// Languages returns the languages that forms offer, by their names: those of India that
// the default voice speaks, and of its neighbours. Other codes can be set by the API.
func Languages() []Language {
	return []Language{
		{"as", "Assamese"}, {"bn", "Bengali"}, {"en", "English"}, {"gu", "Gujarati"}, {"hi", "Hindi"}, {"kn", "Kannada"}, {"ml", "Malayalam"},
		{"mr", "Marathi"}, {"ne", "Nepali"}, {"or", "Odia"}, {"pa", "Punjabi"}, {"si", "Sinhala"}, {"ta", "Tamil"}, {"te", "Telugu"}, {"ur", "Urdu"},
	}
}

// LanguageName returns the name of a language, or its code if forms do not offer it.
func LanguageName(code string) string {
	for _, l := range Languages() {
		if l.Code == code {
			return l.Name
		}
	}
	return code
}
