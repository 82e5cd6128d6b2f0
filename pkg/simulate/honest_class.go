package simulate

// class is an archetype of honest customer; share is its part of the population.
type class struct {
	name   string
	trap   string // why it may look bad
	share  float64
	settle func(w *World, c *class, n int, r *rng)
}

// honestClasses lists the population, one builder each. Shares are our own estimate of
// an API vendor's customers; traps are the rows of the detection notes and more.
func honestClasses() []*class {
	return []*class{
		// on their own
		{"individual_chat", "", 0.2, settleChatters},
		{"individual_dev", "", 0.19, settleDevelopers},
		{"framework_user", "popular_framework", 0.08, settleFrameworkUsers},
		{"prompt_copier", "community_prompt", 0.025, settlePromptCopiers},
		{"plugin_user", "niche_tool", 0.012, settlePluginUsers},
		{"mobile_user", "cgnat", 0.06, settleMobile},
		{"vpn_user", "vpn_exit", 0.035, settleVPN},
		{"traveller", "many_countries", 0.012, settleTravellers},
		{"expat", "country_disagreement", 0.015, settleExpats},
		{"private_mail", "relayed_mail", 0.012, settlePrivateMail},
		{"early_adopter", "launch_crowd", 0.025, settleEarlyAdopters},
		{"virtual_card", "virtual_card_issuer", 0.025, settleVirtualCards},
		{"prepaid_card", "declines", 0.012, settlePrepaidCards},
		{"heavy_agent", "around_the_clock", 0.008, settleHeavyAgents},
		// one person or one place, several accounts
		{"household", "shared_home", 0.045, settleHouseholds},
		{"family_device", "shared_device", 0.01, settleFamilyDevices},
		{"plus_address", "one_person", 0.006, settlePlusAddresses},
		{"migrated", "one_person", 0.008, settleMigrated},
		{"second_hand", "device_changed_hands", 0.004, settleSecondHand},
		{"internet_cafe", "public_computer", 0.006, settleCafes},
		{"coworking", "one_address", 0.008, settleCoworking},
		// organisations
		{"org_sso", "one_organisation", 0.06, settleOrganisations},
		{"org_plain", "one_organisation", 0.035, settlePlainOrganisations},
		{"startup", "one_organisation", 0.025, settleStartups},
		{"call_centre", "one_script", 0.004, settleCallCentres},
		{"contractor_team", "remote_team", 0.005, settleContractors},
		{"agency", "one_card_many_accounts", 0.01, settleAgencies},
		{"white_label", "app_of_one_vendor", 0.008, settleWhiteLabels},
		{"ci", "machine", 0.006, settleCI},
		{"reseller", "reseller", 0.0012, settleResellers},
		{"load_test", "load_test", 0.001, settleLoadTests},
		{"eval_lab", "cot_evaluation", 0.002, settleEvalLabs},
		{"eval_company", "cot_evaluation", 0.0018, settleEvalCompanies},
		// people who come together
		{"student", "campus", 0.045, settleStudents},
		{"course", "course_burst", 0.02, settleCourses},
		{"hackathon", "hackathon_burst", 0.01, settleHackathons},
		{"referral", "referral_burst", 0.012, settleReferrals},
	}
}

// shares are the classes' parts of a population: their own, but for those that the scenario sets.
func (h *Honest) shares(classes []*class) []float64 {
	out := make([]float64, len(classes))
	for i, c := range classes {
		out[i] = c.share
		if v, ok := h.Classes[c.name]; ok {
			out[i] = v
		}
	}
	return out
}
